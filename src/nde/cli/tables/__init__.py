"""Tasks for one table of measurements."""
