"""Batches without end: each series once an epoch, in an order that can be taken up again."""

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nde
from nde.data import Batch, DataError, Loader
from tests.data.panel.loaded import order
from tests.data.panel.made import ragged

PANEL = ragged(series=23)


def drawn(batches) -> list[int]:
    """The series that count, in the order in which they came."""
    return [int(i) for batch in batches for i in batch.index[batch.weights > 0]]


def assert_same(one: Batch, other: Batch) -> None:
    for name in ("ts", "ys", "lengths", "static", "targets", "index", "weights"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("buckets", [1, 3])
@pytest.mark.parametrize("batch_size", [1, 4, 100])
def test_every_series_comes_once_an_epoch(batch_size: int, buckets: int, shuffle: bool):
    loader = Loader(PANEL, batch_size, buckets=buckets, shuffle=shuffle)
    for _ in range(3):
        assert sorted(drawn(loader.epoch())) == list(range(23))


def test_a_batch_holds_its_series():
    loader = Loader(PANEL, 4, buckets=3, seed=2)
    for batch in loader.epoch():
        for row, place in enumerate(np.asarray(batch.index)):
            series = PANEL[int(place)]
            own = len(series.ts)
            assert int(batch.lengths[row]) == own
            np.testing.assert_array_equal(batch.ys[row, :own], series.ys.astype(np.float32))
            assert np.isnan(batch.ys[row, own:]).all()
            assert batch.targets[row] == series.target


def test_there_are_as_many_shapes_as_buckets():
    loader = Loader(PANEL, 4, buckets=3)
    shapes = {batch.ys.shape for batch in itertools.islice(loader, 3 * len(loader))}
    assert shapes == {(4, length, 2) for length in loader.lengths}
    assert len(loader.lengths) == 3


def test_weights_tell_what_only_fills():
    batches = list(Loader(PANEL, 5, shuffle=False).epoch())
    np.testing.assert_array_equal(batches[-1].weights, [1, 1, 1, 0, 0])
    np.testing.assert_array_equal(batches[-1].index, [20, 21, 22, 20, 20])
    assert all((batch.weights == 1).all() for batch in batches[:-1])


def test_without_shuffling_in_the_order_of_the_panel():
    loader = Loader(PANEL, 4, shuffle=False)
    assert drawn(loader.epoch()) == list(range(23))
    assert drawn(loader.epoch()) == list(range(23))


def test_the_order_is_random_and_another_in_each_epoch_and_of_each_seed():
    loader = Loader(PANEL, 4, seed=1)
    orders = [tuple(drawn(loader.epoch())) for _ in range(3)] + [tuple(drawn(Loader(PANEL, 4, seed=2).epoch()))]
    assert len(set(orders)) == 4
    loader = Loader(ragged(series=4, seed=3), 1)
    first = [drawn(loader.epoch())[0] for _ in range(400)]
    np.testing.assert_allclose(np.bincount(first) / 400, 0.25, atol=4 * np.sqrt(0.25 * 0.75 / 400))


def test_buckets_come_in_a_random_order_too():
    loader = Loader(PANEL, 4, buckets=3)
    lengths = [tuple(batch.ts.shape[1] for batch in loader.epoch()) for _ in range(4)]
    assert len(set(lengths)) > 1


def test_last_batches_may_be_left_out():
    loader = Loader(PANEL, 5, drop_last=True)
    assert len(loader) == 4
    seen = set()
    for _ in range(10):
        batches = list(loader.epoch())
        assert all((batch.weights == 1).all() for batch in batches)
        assert len(set(drawn(batches))) == 20
        seen |= set(drawn(batches))
    assert seen == set(range(23))


@pytest.mark.parametrize("stop", range(9))
@pytest.mark.parametrize("drop_last", [False, True])
def test_after_every_stop_it_goes_on_as_if_it_had_not_stopped(stop: int, drop_last: bool):
    panel = PANEL[:11]

    def made() -> Loader:
        return Loader(panel, 3, seed=7, buckets=1 if drop_last else 2, drop_last=drop_last)

    unbroken = list(itertools.islice(made(), 14))
    stopped = made()
    for _ in range(stop):
        next(stopped)
    resumed = made().at(json.loads(json.dumps(stopped.state)))
    assert resumed.state == stopped.state
    for want, got in zip(unbroken[stop:], resumed, strict=False):
        assert_same(want, got)


def test_where_it_is():
    loader = Loader(PANEL, 10)
    places = []
    for _ in range(4):
        next(loader)
        places.append((loader.state["epoch"], loader.state["position"]))
    assert places == [(0, 1), (0, 2), (0, 3), (1, 1)]
    assert len(list(loader.epoch())) == 2
    assert len(list(loader.epoch())) == 3


def test_taking_up_a_state_leaves_the_loader_where_it_is():
    loader = Loader(PANEL, 10)
    loader.at({**loader.state, "epoch": 5, "position": 2})
    assert loader.state["epoch"] == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 1}, "seed 1; this loader has seed 0"),
        ({"batch_size": 9}, "batch_size 9"),
        ({"series": 22}, "series 22"),
        ({"lengths": [9]}, r"lengths \[9\]"),
        ({"position": 4}, "at batch 4 of epoch 0; an epoch has 3"),
        ({"epoch": -1}, "of epoch -1"),
    ],
    ids=lambda x: next(iter(x)) if isinstance(x, dict) else None,
)
def test_a_state_of_another_loader(change, message):
    loader = Loader(PANEL, 10, buckets=1)
    state = loader.state
    if "lengths" in change:
        change = {"lengths": [state["lengths"][0] + 1]}
        message = f"lengths \\[{change['lengths'][0]}\\]"
    with pytest.raises(DataError, match=message):
        loader.at({**state, **change})


def test_an_invalid_state():
    with pytest.raises(DataError, match="a state without 'position'"):
        Loader(PANEL, 10).at({"epoch": 0})


def test_the_share_that_is_padding():
    panel = nde.TimeSeries.from_arrays([np.ones(length) for length in (2, 3, 3, 10)])
    assert Loader(panel, 4).waste == pytest.approx(1 - 18 / 40)
    # A second bucket would cost a batch more of four rows of length 10, of which one holds a series.
    assert Loader(panel, 4, buckets=2).waste == pytest.approx(1 - 18 / 40)
    # One batch that holds the series of length 2, filled with it, and one that holds the others, padded to 10.
    assert Loader(panel, 3, buckets=2).waste == pytest.approx(1 - 18 / (3 * 2 + 3 * 10))
    assert Loader(panel, 1, buckets=2).waste == pytest.approx(1 - 18 / 19)
    loader = Loader(panel, 1, buckets=2)
    assert repr(loader) == "Loader(4 batches of 1 series an epoch, padded to 3, 10, 5.26% padding)"


REFUSED = {
    "batch size": (0, {}, "batch_size must be at least 1; got 0"),
    "buckets": (4, {"buckets": 0}, "Got 0 buckets"),
    "seed": (4, {"seed": -1}, "seed must be non-negative; got -1"),
    "a bucket that never comes": (15, {"buckets": 2, "drop_last": True}, "it would never be drawn"),
}


@pytest.mark.parametrize(("batch_size", "options", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(batch_size, options, message):
    with pytest.raises(DataError, match=message):
        Loader(PANEL, batch_size, **options)


def test_labels_that_are_no_numbers():
    with pytest.raises(DataError, match="a batch needs numbers"):
        Loader(nde.TimeSeries.from_arrays([[1.0]], targets=["a"]), 1)


def test_another_process_draws_the_same():
    environment = {**os.environ, "PYTHONHASHSEED": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    root = Path(__file__).parents[3]
    command = [sys.executable, "-m", "tests.data.panel.loaded"]
    there = subprocess.run(command, cwd=root, env=environment, check=True, capture_output=True, text=True).stdout
    assert there.strip() == order()
