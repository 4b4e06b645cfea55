"""Times in files: numbers, dates with and without time zone, and durations."""
