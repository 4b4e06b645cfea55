"""Random numbers of the host that stay what they are: NumPy keeps the bits of its generators, but not its orders."""

import numpy as np
from jaxtyping import Int

from nde.data.table import DataError


def random_words(count: int, *seed: int) -> np.ndarray:
    """Random unsigned numbers of 64 bits, which depend on the seed only.

    Raises:
        DataError: If the seed is negative.
    """
    if min(seed) < 0:
        raise DataError(f"Got the seed {min(seed)}; a number that is not negative is wanted.")
    return np.random.PCG64(list(seed)).random_raw(count)


def shuffled(count: int, *seed: int) -> Int[np.ndarray, " count"]:
    """The numbers below `count` in a random order, which depends on the seed only."""
    return np.argsort(random_words(count, *seed), kind="stable")
