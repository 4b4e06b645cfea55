"""Models of many series, on the command line."""
