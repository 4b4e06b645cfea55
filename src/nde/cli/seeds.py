"""The range of seeds."""

from nde.data import DataError

_MOST = 2**32 - 1
"""The greatest seed that NumPy's and JAX's generators all take."""


def check_seed(seed: int | None) -> int | None:
    """Return the seed.

    Raises:
        DataError: If it is out of range.
    """
    if seed is not None and not 0 <= seed <= _MOST:
        raise DataError(f"--seed must be between 0 and {_MOST}; got {seed}.")
    return seed
