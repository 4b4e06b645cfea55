"""What a solution says of how it ended."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from tests.laws.compiling import quick_jit

LATE, EARLY = 100.0, 0.1


def solve(t1: Any, level: Any = 2.0, event: nde.AbstractEvent | None = None) -> nde.Solution:
    """Towards a level, from zero, at which rest is reached after some units of time."""
    return nde.diffeqsolve(
        nde.ODETerm(lambda t, y, level: level - y),
        nde.Tsit5(),
        0.0,
        t1,
        None,
        jnp.asarray(0.0),
        jnp.asarray(level),
        stepsize_controller=nde.PIDController(rtol=1e-4, atol=1e-6),
        event=event,
    )


def to_rest(t1: Any, level: Any = 2.0) -> nde.Solution:
    return solve(t1, level, nde.steady_state(rtol=1e-3, atol=1e-3))


@pytest.mark.parametrize("way", [lambda function: function, quick_jit], ids=["outside jit", "in jit"])
@pytest.mark.parametrize(("t1", "stopped"), [(LATE, True), (EARLY, False)])
def test_the_mask_tells_whether_an_event_ended_the_solve(way: Any, t1: float, stopped: bool) -> None:
    sol = way(to_rest)(t1)
    assert sol.event_mask.shape == ()
    assert sol.event_mask.dtype == jnp.bool_
    assert bool(sol.event_mask) is stopped
    assert bool(sol.result == nde.RESULTS.event_occurred) is stopped
    assert (float(sol.ts[0]) < t1) is stopped


def test_without_an_event_there_is_no_mask() -> None:
    assert solve(EARLY).event_mask is None
    assert quick_jit(solve)(EARLY).event_mask is None


@pytest.mark.parametrize("way", [lambda function: function, quick_jit], ids=["outside jit", "in jit"])
def test_each_lane_has_a_mask_of_its_own(way: Any) -> None:
    sol = way(jax.vmap(to_rest))(jnp.asarray([LATE, EARLY, LATE]))
    assert sol.event_mask.tolist() == [True, False, True]
    levels = way(jax.vmap(lambda level: to_rest(EARLY, level)))(jnp.asarray([0.0, 2.0]))
    assert levels.event_mask.tolist() == [True, False], "at rest from the start, and not after so short a time"


def test_nested_lanes_have_a_mask_each() -> None:
    sol = jax.vmap(jax.vmap(to_rest, in_axes=(None, 0)), in_axes=(0, None))(
        jnp.asarray([LATE, EARLY]), jnp.asarray([1.0, 2.0, 3.0])
    )
    np.testing.assert_array_equal(sol.event_mask, [[True] * 3, [False] * 3])
