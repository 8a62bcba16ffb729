"""The edge that does the work: claims jobs, runs their handlers, keeps the clock."""
