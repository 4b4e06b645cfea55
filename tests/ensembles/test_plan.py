"""Chunks cover all paths, and are no larger than asked for."""

import jax
import pytest

from nde.ensembles.plan import LANES, planned

DEVICE = jax.devices("cpu")[0]


@pytest.mark.parametrize("paths", [1, 7, 256, 257, 5000, 10**6, 2**31 - 1])
@pytest.mark.parametrize("chunk", [None, 1, 300, 10_000])
@pytest.mark.parametrize("nbytes", [4, 2**20])
def test_a_chunk_is_no_larger_than_asked_for(paths: int, chunk: int | None, nbytes: int) -> None:
    plan = planned(nbytes, paths, chunk, [DEVICE])
    limit = min(2**15, max(1, 2**26 // nbytes)) if chunk is None else chunk
    assert plan.chunk <= limit
    assert plan.lanes == min(LANES, paths, limit)
    chunks = -(-paths // plan.chunk)
    assert chunks * plan.chunk - paths < chunks * plan.lanes
