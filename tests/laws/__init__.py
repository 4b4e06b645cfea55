"""What must be true of every method."""
