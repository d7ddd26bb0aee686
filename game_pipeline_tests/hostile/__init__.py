"""What hostile sites, names and pages send, against the real client and the real parsers, row by row."""
