"""Types, pytree arithmetic, norms and result codes: the floor that everything stands on."""
