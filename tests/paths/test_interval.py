"""`BrownianInterval`: the tree's values at its nodes, exact in distribution between, consistent with what was seen."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from nde.paths.brownian.bridge import VARIANCES, join
from tests.laws.compiling import quick_jit

KEY = jax.random.key(3)
AREAS = nde.SpaceTimeTimeLevyArea
NODES = np.array([0.0, 0.375, 0.75, 1.5, 1.59375, 1.6875, 3.0])


def interval(key: jax.Array = KEY, **options: Any) -> nde.BrownianInterval:
    return nde.BrownianInterval(0.0, 3.0, (2,), key, AREAS, **{"depth": 5, **options})


def walked(path: nde.BrownianInterval, ts: Any, tried: Any = None) -> tuple[Any, Any]:
    """The increments over the steps of a grid, each accepted after one rejected step that ended at a time of `tried`.

    The increments of the rejected steps come second.
    """
    ts = jnp.asarray(ts)
    forward = ts[0] < ts[-1]

    def ask(path_state: Any, t: Any, end: Any, accepted: bool) -> Any:
        drive, stepped = path.prepare(t, end - t, (), frozenset(), path_state)
        return drive, path.commit(jnp.asarray(accepted), path_state, stepped)

    def step(path_state: Any, times: Any) -> Any:
        t, end, further = times
        seen = None
        if tried is not None:
            seen, path_state = ask(path_state, t, further, accepted=False)
        drive, path_state = ask(path_state, t, end, accepted=True)
        return path_state, (drive, seen)

    further = ts[1:] if tried is None else jnp.asarray(tried)
    return jax.lax.scan(step, path.begin(ts[0], forward=forward), (ts[:-1], ts[1:], further))[1]


def parts_of(increments: Any) -> list[np.ndarray]:
    return [np.asarray(part) for part in (increments.W, increments.H, increments.K)]


@pytest.mark.parametrize("ts", [NODES, NODES[::-1]], ids=["forward", "backward"])
@pytest.mark.parametrize("x64", [False, True])
def test_between_nodes_the_increments_are_those_of_the_tree(ts: np.ndarray, x64: bool) -> None:
    with jax.enable_x64(x64):
        path = interval()
        tree = nde.VirtualBrownianTree(0.0, 3.0, 1e-3, (2,), KEY, AREAS)
        found, _ = quick_jit(lambda: walked(path, ts))()
        wanted = quick_jit(jax.vmap(lambda t0, t1: tree.evaluate(t0, t1, use_levy=True)))(ts[:-1], ts[1:])
        for got, right in zip(parts_of(found), parts_of(wanted), strict=True):
            np.testing.assert_allclose(got, right, atol=1e-13 if x64 else 2e-6)


def test_evaluation_is_that_of_the_tree() -> None:
    tree = nde.VirtualBrownianTree(0.0, 3.0, 1e-3, (2,), KEY, AREAS)
    np.testing.assert_array_equal(interval().evaluate(0.3, 1.1), tree.evaluate(0.3, 1.1))


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("backward", [False, True])
def test_later_steps_add_up_to_what_a_rejected_one_saw(backward: bool) -> None:
    """Steps of many lengths, each tried first to the end of the next but one."""
    ts = np.sort(np.concatenate([[0.0, 3.0], np.random.default_rng(0).uniform(0, 3, 30)]))
    ts = ts[::-1] if backward else ts
    tried = ts[np.minimum(np.arange(1, 32) + 2, 31)]
    found, seen = quick_jit(lambda: walked(interval(), ts, tried))()
    for first in range(29):
        total: Any = tuple(jnp.asarray(part[first]) for part in parts_of(found))
        length = abs(ts[first + 1] - ts[first])
        for i in (first + 1, first + 2):
            h = abs(ts[i + 1] - ts[i])
            more = tuple(jnp.asarray(part[i]) for part in parts_of(found))
            total = join(jnp.asarray(length), total, jnp.asarray(h), more)
            length += h
        for got, right in zip(total, parts_of(seen), strict=True):
            np.testing.assert_allclose(got, right[first], atol=1e-12)


@pytest.mark.usefixtures("x64")
def test_areas_of_neighbours_have_their_law() -> None:
    """20,000 paths: covariances of six numbers a step over three steps, within five standard errors of the exact ones.

    Steps between nodes, after a rejected step, so that all of it comes from bridges of bridges.
    """
    paths, ts, tried = 20_000, np.array([0.1, 0.55, 0.6, 1.31]), np.array([0.9, 0.8, 2.0])
    keys = jax.random.split(jax.random.key(1), paths)
    found, _ = quick_jit(jax.vmap(lambda key: walked(interval(key), ts, tried)))(keys)
    deviations = [np.sqrt(v * np.diff(ts))[:, None] for v in VARIANCES]
    numbers = np.stack([part / d for part, d in zip(parts_of(found), deviations, strict=True)], -1).reshape(paths, -1)
    np.testing.assert_allclose(numbers.mean(axis=0), 0, atol=5 / np.sqrt(paths))
    np.testing.assert_allclose(np.cov(numbers.T), np.eye(18), atol=5 * np.sqrt(2 / paths))


@pytest.mark.parametrize(("start", "span"), [(0.0, 1e-8), (1e6, 1.0)])
def test_neighbours_are_independent_where_times_are_hard_to_tell_apart(start: float, span: float) -> None:
    """Float32: 20,000 paths, two neighbouring steps of each, within five standard errors."""
    paths = 20_000
    ts = np.asarray([start, start + span / 2, start + span], np.float32)

    def two(key: jax.Array) -> Any:
        path = nde.BrownianInterval(start, start + 1.0, (), key)
        return walked(path, ts)[0].W

    found = np.asarray(quick_jit(jax.vmap(two))(jax.random.split(KEY, paths))) / np.sqrt(np.diff(ts))
    np.testing.assert_allclose(np.cov(found.T), np.eye(2), atol=5 * np.sqrt(2 / paths))


def solved(key: jax.Array, level: Any, **options: Any) -> nde.Solution:
    motion = nde.BrownianInterval(0.0, 1.0, (), key, nde.SpaceTimeLevyArea)
    noise = nde.ControlTerm(lambda t, y, args: level, motion)
    terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: -jnp.sin(4 * y)), noise)
    controller = nde.PIDController(rtol=1e-2, atol=1e-2, pcoeff=0.1, icoeff=0.3)
    return nde.diffeqsolve(
        terms, nde.ShARK(), 0.0, 1.0, 0.2, 1.0, stepsize_controller=controller, max_steps=128, **options
    )


@pytest.mark.usefixtures("x64")
def test_gradients_of_an_adaptive_solve_see_the_same_path() -> None:
    reverse = quick_jit(jax.grad(lambda level: solved(KEY, level).ys[0]))(0.5)
    forward = quick_jit(jax.jacfwd(lambda level: solved(KEY, level, adjoint=nde.ForwardMode()).ys[0]))(0.5)
    np.testing.assert_allclose(reverse, forward, rtol=1e-9)


@pytest.mark.usefixtures("x64")
def test_an_adaptive_solve_ends_where_a_fine_one_does() -> None:
    """Ten paths with rejected steps, beside 4,096 steps along the tree of the same key."""
    keys = jax.random.split(jax.random.key(5), 10)

    def fine(key: jax.Array) -> jax.Array:
        motion = nde.VirtualBrownianTree(0.0, 1.0, 1e-3, (), key, nde.SpaceTimeLevyArea)
        terms = nde.MultiTerm(
            nde.ODETerm(lambda t, y, args: -jnp.sin(4 * y)), nde.ControlTerm(lambda t, y, args: 0.5, motion)
        )
        return nde.diffeqsolve(terms, nde.ShARK(), 0.0, 1.0, 1 / 64, 1.0).ys[0]

    sol = quick_jit(jax.vmap(lambda key: solved(key, 0.5)))(keys)
    assert int(sol.stats["num_rejected_steps"].sum()) > 0
    distance = np.asarray(sol.ys[:, 0] - quick_jit(jax.vmap(fine))(keys))
    assert np.sqrt(np.mean(distance**2)) < 0.03


@pytest.mark.usefixtures("x64")
def test_grids_of_nodes_see_the_same_path() -> None:
    """`dy = dW` by 8 and by 32 steps, and by the tree."""

    def path(steps: int) -> Any:
        motion = nde.BrownianInterval(0.0, 1.0, (), KEY)
        terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: 0.0), nde.ControlTerm(lambda t, y, args: 1.0, motion))
        ts = jnp.linspace(0.125, 1.0, 8)
        return nde.diffeqsolve(terms, nde.Euler(), 0.0, 1.0, 1 / steps, 0.0, saveat=nde.SaveAt(ts=ts)).ys

    tree = nde.VirtualBrownianTree(0.0, 1.0, 1e-3, (), KEY)
    wanted = [tree.evaluate(0.0, t) for t in np.linspace(0.125, 1.0, 8)]
    np.testing.assert_allclose(path(8), wanted, atol=1e-12)
    np.testing.assert_allclose(path(32), wanted, atol=1e-12)


@pytest.mark.usefixtures("x64")
def test_lanes_equal_a_loop() -> None:
    keys = jax.random.split(KEY, 4)
    together = quick_jit(jax.vmap(lambda key: solved(key, 0.5).ys))(keys)
    alone = quick_jit(lambda key: solved(key, 0.5).ys)
    np.testing.assert_allclose(together, np.stack([alone(key) for key in keys]), rtol=1e-12)


def test_depth_out_of_range() -> None:
    with pytest.raises(ValueError, match="from 0 to 30"):
        interval(depth=31)
    with pytest.raises(ValueError, match="goes forward"):
        nde.BrownianInterval(1.0, 0.0, (), KEY)


def test_pytrees_of_any_dtype() -> None:
    """Components are independent, and halves of the precision are drawn in single."""
    shape = {"a": jax.ShapeDtypeStruct((500,), jnp.float32), "b": jax.ShapeDtypeStruct((500,), jnp.bfloat16)}
    path = nde.BrownianInterval(0.0, 1.0, shape, KEY)
    found, _ = quick_jit(lambda: walked(path, np.array([0.0, 0.3, 1.0])))()
    assert (found.W["a"].dtype, found.W["b"].dtype) == (jnp.float32, jnp.bfloat16)
    numbers = np.stack([np.asarray(leaf, np.float64) for leaf in (*found.W["a"], *found.W["b"])])
    numbers /= np.sqrt([0.3, 0.7, 0.3, 0.7])[:, None]
    np.testing.assert_allclose(np.cov(numbers), np.eye(4), atol=5 * np.sqrt(2 / 500))
