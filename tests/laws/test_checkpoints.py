"""What the default promises: work beside kept states, and bytes."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from jaxtyping import Array

import nde
from tests.laws.compiling import quick_jit

pytestmark = pytest.mark.usefixtures("x64")

SIZE = 20
"""Of the state: more than may vary for the gradient to be had without kept states."""


def final(y0: Array, dt: Any, adjoint: nde.AbstractAdjoint, most: int, seen: Callable[[], None] | None = None) -> Any:
    """The last state of a solve with constant steps."""

    def field(_: Any, y: Array, __: Any) -> Array:
        if seen is not None:
            jax.debug.callback(seen)
        return jnp.sin(y)

    return nde.diffeqsolve(nde.ODETerm(field), nde.Euler(), 0.0, 1.0, dt, y0, adjoint=adjoint, max_steps=most).ys[0]


def counter_of_extra_work(kept: int) -> Callable[[int], float]:
    """From a number of steps to the forward passes that a gradient costs beside the first and the replay."""
    calls: list[None] = []
    adjoint = nde.RecursiveCheckpointAdjoint(checkpoints=kept)
    slope = jax.grad(lambda y0, dt: final(y0, dt, adjoint, 4 * kept**2 + 1, lambda: calls.append(None)).sum())
    compiled = quick_jit(slope)

    def extra(steps: int) -> float:
        calls.clear()
        jax.block_until_ready(compiled(jnp.ones(SIZE), 1 / steps))
        jax.effects_barrier()
        return len(calls) / steps - 2

    return extra


@pytest.mark.parametrize("kept", [8, 16])
def test_few_steps_cost_no_extra_work_and_more_as_much_as_promised(kept: int) -> None:
    extra = counter_of_extra_work(kept)
    assert extra(kept - 1) == 0
    assert 0 < extra(max(kept, kept**2 // 8)) <= 1
    for most, least, limit in ((kept**2 // 8, kept, 1), (kept**2, kept**2 // 4, 2.1), (4 * kept**2, kept**2, 3.3)):
        steps = np.unique(np.geomspace(least, max(least, most), 12).astype(int))
        assert max(extra(n) for n in steps) <= limit, most


def weighed(adjoint: nde.AbstractAdjoint, most: int, size: int) -> int:
    return nde.compiled_memory(jax.grad(lambda y0: final(y0, 1 / most, adjoint, most).sum()), jnp.ones(size))


@pytest.mark.parametrize("size", [100, 1000])
def test_a_gradient_takes_what_it_was_given_and_what_a_step_takes(size: int) -> None:
    """A batch that is solved as one is part of the state."""
    step = weighed(nde.RecursiveCheckpointAdjoint(checkpoints=1), 1000, size)
    for budget in (100_000, 400_000):
        taken = weighed(nde.RecursiveCheckpointAdjoint(memory=budget), 1000, size)
        assert budget - 10 * size - 20_000 <= taken <= budget + step


def test_under_vmap_it_is_what_a_lane_takes() -> None:
    adjoint = nde.RecursiveCheckpointAdjoint(memory=100_000)
    slope = jax.grad(lambda y0: final(y0, 0.001, adjoint, 1000).sum())
    taken = nde.compiled_memory(jax.vmap(slope), jnp.ones((8, SIZE)))
    assert 0.8 * 8 * 100_000 < taken < 1.2 * 8 * 100_000 + 8 * weighed(adjoint, 1, SIZE)


@pytest.mark.parametrize("memory", [6_000, 12_000, 10**9])
def test_any_number_of_bytes_gives_the_same_gradient(memory: int) -> None:
    def slope(adjoint: nde.AbstractAdjoint) -> np.ndarray:
        grad = jax.grad(lambda y0: jnp.sum(jnp.cos(final(y0, 0.004, adjoint, 300))))
        return np.asarray(ravel_pytree(quick_jit(grad)(jnp.linspace(0.1, 2.0, SIZE)))[0])

    expected = slope(nde.DirectAdjoint())
    np.testing.assert_allclose(slope(nde.RecursiveCheckpointAdjoint(memory=memory)), expected, rtol=1e-12)


def test_memory_that_does_not_suffice_is_refused_with_what_would() -> None:
    slope = jax.grad(lambda y0: final(y0, 0.1, nde.RecursiveCheckpointAdjoint(memory=1000), 1000).sum())
    with pytest.raises(ValueError, match=r"memory=1,000`; the grid of `max_steps=1,000` and one state take 8,\d+ "):
        slope(jnp.ones(SIZE))


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="`checkpoints=0`"):
        nde.RecursiveCheckpointAdjoint(checkpoints=0)
    with pytest.raises(ValueError, match="`memory=0`"):
        nde.RecursiveCheckpointAdjoint(memory=0)
    with pytest.raises(ValueError, match="`checkpoints` and `memory`"):
        nde.RecursiveCheckpointAdjoint(checkpoints=3, memory=1000)


def test_direct_takes_as_many_states_as_the_root_of_the_steps_and_the_inside_of_one() -> None:
    """Not the insides of all, and not the weights again and again."""
    weights = jnp.ones((SIZE, 50 * SIZE))

    def loss(y0: Array, most: int) -> Array:
        term = nde.ODETerm(lambda t, y, args: jnp.tanh(jnp.tanh(y @ args) @ args.T))
        adjoint = nde.DirectAdjoint()
        sol = nde.diffeqsolve(term, nde.Tsit5(), 0.0, 1.0, 1 / most, y0, weights, adjoint=adjoint, max_steps=most)
        return sol.ys[0].sum()

    few, many = (nde.compiled_memory(jax.grad(lambda y0, n=n: loss(y0, n)), jnp.ones(SIZE)) for n in (100, 400))
    assert many - few < 8 * (400 * 3 + 40 * 3 * SIZE)  # what the grid takes, and what iterations start from
