"""`heliograph doctor`: looks for the commonest faults of an installation, and changes nothing."""
