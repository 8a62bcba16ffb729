"""The standards as functions on bytes. No I/O, no clock, no knowledge of our own data."""
