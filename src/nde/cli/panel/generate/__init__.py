"""Models of the law of many series, on the command line."""
