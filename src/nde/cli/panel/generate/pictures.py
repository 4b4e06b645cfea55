"""Pictures of generated series beside real ones."""
