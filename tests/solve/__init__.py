"""The solve as a user meets it."""
