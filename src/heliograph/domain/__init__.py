"""Rules: frozen values and functions on them. No I/O, no clock."""
