"""The sides: ways to compute a problem's result, one library a file."""
