"""Small tools that know nothing of push: clock, identifiers, log, paging, sealing, outgoing HTTP."""
