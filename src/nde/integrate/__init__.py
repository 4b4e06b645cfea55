"""The loop of a solve, its recorders and progress meters."""
