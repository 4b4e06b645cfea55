"""Chunks cover all paths, and are no larger than asked for."""

import jax
import pytest

from nde._ensemble.plan import FEWEST, MOST, make_plan

DEVICE = jax.devices("cpu")[0]


@pytest.mark.parametrize("paths", [1, 7, 256, 257, 5000, 10**6, 2**31 - 1])
@pytest.mark.parametrize("chunk", [None, 1, 300, 10_000])
@pytest.mark.parametrize("nbytes", [4, 2**20])
def test_a_chunk_is_no_larger_than_asked_for(paths: int, chunk: int | None, nbytes: int) -> None:
    plan = make_plan(nbytes, paths, chunk, [DEVICE])
    limit = min(2**15, max(1, 2**26 // nbytes)) if chunk is None else chunk
    assert plan.chunk <= limit
    assert min(FEWEST, paths, limit) <= plan.lanes <= min(MOST, paths, limit)
    chunks = -(-paths // plan.chunk)
    assert chunks * plan.chunk - paths < chunks * plan.lanes


@pytest.mark.parametrize(("paths", "lanes"), [(5, 5), (2000, 128), (10_000, 256), (10**6, 1024)])
def test_a_block_does_not_depend_on_devices_or_chunks(paths: int, lanes: int) -> None:
    for chunk in (None, 2**20):
        for devices in (1, 3, 8):
            assert make_plan(4, paths, chunk, [DEVICE] * devices).lanes == lanes
