"""Tasks for tables without times, of which each row is a sample."""
