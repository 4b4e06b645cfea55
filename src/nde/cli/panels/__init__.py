"""Tasks for many series."""
