"""Nothing here on purpose: tests start from JAX's own defaults, and one that wants float64 asks for it itself."""
