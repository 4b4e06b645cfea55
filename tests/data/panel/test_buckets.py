"""The lengths of buckets against all that there are."""

import collections
import itertools

import numpy as np
import pytest

from nde.data import DataError, bucket_lengths


def cells(lengths: np.ndarray, ends: tuple[int, ...], batch_size: int = 1) -> int:
    """How many rows series take in full batches, padded to the least end that holds them."""
    held = collections.Counter(min(end for end in ends if end >= length) for length in lengths)
    return sum(-(-count // batch_size) * batch_size * end for end, count in held.items())


def test_by_hand():
    lengths = np.array([41, 3, 4, 5, 4, 40])
    assert bucket_lengths(lengths, 1) == (41,)
    assert bucket_lengths(lengths, 2) == (5, 41)
    assert bucket_lengths(lengths, 5) == (3, 4, 5, 40, 41)
    assert bucket_lengths(lengths, 50) == (3, 4, 5, 40, 41)
    assert bucket_lengths(np.array([7, 7]), 3) == (7,)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("buckets", [1, 2, 4])
@pytest.mark.parametrize("batch_size", [1, 8])
def test_no_others_of_as_many_pad_less(seed: int, buckets: int, batch_size: int):
    lengths = np.random.default_rng(seed).geometric(0.15, size=40)
    there = np.unique(lengths).tolist()
    best = min(
        cells(lengths, (*ends, there[-1]), batch_size)
        for count in range(buckets)
        for ends in itertools.combinations(there[:-1], count)
    )
    chosen = bucket_lengths(lengths, buckets, batch_size)
    assert len(chosen) <= buckets
    assert cells(lengths, chosen, batch_size) == best


def test_many_lengths():
    lengths = np.arange(1, 5001)
    chosen = bucket_lengths(lengths, 4)
    assert chosen[-1] == 5000
    assert cells(lengths, chosen) < 1.005 * cells(lengths, (1250, 2500, 3750, 5000))


def test_none():
    with pytest.raises(DataError, match="Got 0 buckets for 2 series"):
        bucket_lengths(np.array([1, 2]), 0)
    with pytest.raises(DataError, match="batch_size must be at least 1; got 0"):
        bucket_lengths(np.array([1, 2]), 1, 0)
