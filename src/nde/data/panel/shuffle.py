"""Reproducible random orders: NumPy guarantees the bits of its bit generators, but not its permutations."""

import numpy as np
from jaxtyping import Int

from nde.data.table import DataError


def random_words(count: int, *seed: int) -> np.ndarray:
    """Random unsigned 64-bit integers, which depend only on the seed.

    Raises:
        DataError: If the seed is negative.
    """
    if min(seed) < 0:
        raise DataError(f"seed must be non-negative; got {min(seed)}.")
    return np.random.PCG64(list(seed)).random_raw(count)


def shuffled(count: int, *seed: int) -> Int[np.ndarray, " count"]:
    """The numbers below `count` in a random order, which depends only on the seed."""
    return np.argsort(random_words(count, *seed), kind="stable")
