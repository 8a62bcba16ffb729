"""Verbs that people ask for. An action gets an open transaction and a context, and raises a `Problem`."""
