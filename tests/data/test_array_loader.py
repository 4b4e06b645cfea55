"""Batches of arrays."""

import itertools
import json

import numpy as np
import pytest

from nde.data import ArrayLoader, DataError


def test_an_epoch_has_each_row_once_and_another_order_than_the_next():
    loader = ArrayLoader({"x": np.arange(12), "y": np.arange(12.0)}, 4, seed=1)
    first, second = list(loader.epoch()), list(loader.epoch())
    for batches in (first, second):
        rows = np.concatenate([batch["x"] for batch in batches])
        assert sorted(rows) == list(range(12))
        np.testing.assert_array_equal(np.concatenate([batch["y"] for batch in batches]), rows)
    assert any((a["x"] != b["x"]).any() for a, b in zip(first, second, strict=True))


def test_rows_that_do_not_fill_a_batch_are_dropped_or_come_in_a_smaller_one():
    assert [len(batch) for batch in ArrayLoader(np.arange(10), 4).epoch()] == [4, 4]
    last = list(ArrayLoader(np.arange(10), 4, drop_last=False, shuffle=False).epoch())
    np.testing.assert_array_equal(np.concatenate(last), np.arange(10))
    assert len(next(ArrayLoader(np.arange(3), 8))) == 3


def test_it_resumes_from_its_state():
    loader = ArrayLoader(np.arange(10), 3, seed=2)
    list(itertools.islice(loader, 5))
    again = loader.at(json.loads(json.dumps(loader.state)))
    for _ in range(5):
        np.testing.assert_array_equal(next(again), next(loader))


def test_misuse_raises_clear_errors():
    with pytest.raises(DataError, match="batch_size must be at least 1; got 0"):
        ArrayLoader(np.arange(3), 0)
    with pytest.raises(DataError, match=r"shapes \[\(3,\), \(4,\)\]"):
        ArrayLoader((np.arange(3), np.arange(4)), 2)
    with pytest.raises(DataError, match="and at least one"):
        ArrayLoader(np.zeros((0, 2)), 2)
    with pytest.raises(DataError, match="seed 1; this loader has seed 0"):
        ArrayLoader(np.arange(3), 2).at(ArrayLoader(np.arange(3), 2, seed=1).state)
