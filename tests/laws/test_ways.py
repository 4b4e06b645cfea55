"""Every way to differentiate, on every kind of problem: differences, and each other."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from jaxtyping import Array

import nde
from tests.laws.compiling import quick_jit

pytestmark = pytest.mark.usefixtures("x64")

DEFAULT = nde.RecursiveCheckpointAdjoint()
STEPS, FINE = 16, 512
TS = (0.25, 0.5)
"""Save times at ends of steps: between them an equation with noise has no interpolant that a way back shares."""


class Solve(NamedTuple):
    """How the equation is solved."""

    solver: Any
    adjoint: Any
    steps: int = STEPS


def saved(term: Any, y0: Any, how: Solve) -> list[Array]:
    """All forms of saving at once: the ends, given times through a function, and every fourth of the steps."""
    through = nde.SubSaveAt(ts=jnp.array(TS), fn=lambda t, y, args: (t, jax.tree.map(jnp.sin, y)))
    forms = [nde.SubSaveAt(t0=True, t1=True), through, nde.SubSaveAt(steps=how.steps // 4)]
    grid = nde.StepTo(jnp.linspace(0.0, 1.0, how.steps + 1))
    sol = nde.diffeqsolve(
        term,
        how.solver,
        0.0,
        1.0,
        None,
        y0,
        saveat=nde.SaveAt(subs=forms),
        stepsize_controller=grid,
        adjoint=how.adjoint,
        max_steps=how.steps,
    )
    return jax.tree.leaves(sol.ys)


def seen(leaves: list[Array]) -> Array:
    """One number that depends on each of them in its own way; unused rows are infinite."""
    values = jnp.concatenate([jnp.ravel(leaf) for leaf in leaves])
    return jnp.cos(jnp.arange(values.size)) @ jnp.where(jnp.isfinite(values), values, 0.0)


def weights(*shape: int) -> Array:
    return 0.7 * jnp.cos(1.0 + jnp.arange(float(np.prod(shape)))).reshape(shape)


def lotka_volterra(p: dict[str, Array], how: Solve) -> Array:
    a, b, c, d = p["rates"]
    term = nde.ODETerm(lambda t, y, _: jnp.stack([a * y[0] - b * y[0] * y[1], c * y[0] * y[1] - d * y[1]]))
    return seen(saved(term, p["y0"], how))


def network(p: dict[str, Array], how: Solve) -> Array:
    """Its parameters are captured, not handed over."""
    return seen(saved(nde.ODETerm(lambda t, y, _: jnp.tanh(p["b"] @ jnp.tanh(p["a"] @ y + t))), p["y0"], how))


def controlled(p: dict[str, Array], how: Solve) -> Array:
    ts = jnp.linspace(0.0, 1.0, 5)
    path = nde.CubicInterpolation(ts, nde.natural_cubic_coefficients(ts, p["xs"]))
    term = nde.ControlTerm(lambda t, y, _: jnp.tanh(jnp.einsum("ijk,j->ik", p["a"], y)), path)
    return seen(saved(term.to_ode(), p["y0"], how))


def noisy(p: dict[str, Array], how: Solve) -> Array:
    """Of Stratonovich type, with noise that does not commute."""
    tree = nde.VirtualBrownianTree(0.0, 1.0, 1e-3, (2,), jax.random.key(3))
    drift = nde.ODETerm(lambda t, y, _: jnp.tanh(p["a"] @ y))
    noise = nde.ControlTerm(lambda t, y, _: 0.3 * jnp.sin(jnp.einsum("ijk,j->ik", p["s"], y)), tree)
    return seen(saved(nde.MultiTerm(drift, noise), p["y0"], how))


def in_a_pytree(p: dict[str, Array], how: Solve) -> Array:
    def field(t: Any, y: Any, _: Any) -> Any:
        q, (v,) = y
        return v, (-p["k"] * jnp.sin(q) - 0.1 * v,)

    return seen(saved(nde.ODETerm(field), (p["q"], (p["v"],)), how))


def in_lanes(p: dict[str, Array], how: Solve) -> Array:
    """Different first states, the same parameters."""
    return jnp.sum(jax.vmap(lambda y0: network({**p, "y0": y0}, how))(p["y0"]))


class Problem(NamedTuple):
    """What is solved, from what, and whether there is noise."""

    loss: Callable[[dict[str, Array], Solve], Array]
    inputs: Callable[[], dict[str, Array]]
    noisy: bool = False


def network_inputs(*lanes: int) -> dict[str, Array]:
    return {"a": weights(6, 3), "b": weights(3, 6), "y0": weights(*lanes, 3)}


PROBLEMS = {
    "Lotka-Volterra": Problem(lotka_volterra, lambda: {"rates": jnp.array([1.5, 1.0, 1.0, 3.0]), "y0": jnp.ones(2)}),
    "neural ODE": Problem(network, network_inputs),
    "neural CDE": Problem(controlled, lambda: {"a": weights(3, 3, 2), "xs": weights(5, 2), "y0": jnp.ones(3)}),
    "SDE": Problem(noisy, lambda: {"a": weights(3, 3), "s": weights(3, 3, 2), "y0": jnp.ones(3)}, noisy=True),
    "pytree": Problem(in_a_pytree, lambda: {"k": jnp.array([2.0, 3.0]), "q": jnp.ones(2), "v": weights(2)}),
    "vmapped": Problem(in_lanes, lambda: network_inputs(4)),
}


@functools.cache
def gradient(name: str, how: Solve) -> np.ndarray:
    """To all inputs in one row."""
    problem = PROBLEMS[name]
    return np.asarray(ravel_pytree(quick_jit(jax.grad(lambda p: problem.loss(p, how)))(problem.inputs()))[0])


EXACT = {
    "few checkpoints": Solve(nde.Heun(), nde.RecursiveCheckpointAdjoint(checkpoints=3)),
    "direct": Solve(nde.Heun(), nde.DirectAdjoint()),
    "taken back": Solve(nde.ReversibleHeun(), nde.ReversibleAdjoint()),
    "coupled, taken back": Solve(nde.Reversible(nde.Heun()), nde.ReversibleAdjoint()),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_default_agrees_with_differences(name: str) -> None:
    problem, how = PROBLEMS[name], Solve(nde.Heun(), DEFAULT)
    flat, back = ravel_pytree(problem.inputs())
    direction = np.cos(3.0 * np.arange(flat.size))
    value = quick_jit(lambda x: problem.loss(back(x), how))
    slope = (value(flat + 1e-5 * direction) - value(flat - 1e-5 * direction)) / 2e-5
    np.testing.assert_allclose(gradient(name, how) @ direction, slope, rtol=1e-7)


def ways(quick: dict[str, tuple[Any, ...]], all_ways: Any) -> list[Any]:
    """Each way for each problem; most are slow."""
    return [
        pytest.param(name, way, marks=() if way in quick.get(name, ()) else pytest.mark.slow)
        for name in PROBLEMS
        for way in all_ways
    ]


@pytest.mark.parametrize(("name", "way"), ways({"SDE": tuple(EXACT), "vmapped": tuple(EXACT)}, EXACT))
def test_ways_that_are_exact_agree_with_the_default(name: str, way: str) -> None:
    how = EXACT[way]
    ours, expected = gradient(name, how), gradient(name, how._replace(adjoint=DEFAULT))
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-9 * np.abs(expected).max())


CONTINUOUS = (nde.BacksolveAdjoint, nde.InterpolatedAdjoint)
QUICK = {"Lotka-Volterra": CONTINUOUS, "neural CDE": CONTINUOUS[1:], "SDE": CONTINUOUS, "pytree": CONTINUOUS[:1]}


@pytest.mark.parametrize(("name", "adjoint"), ways(QUICK, CONTINUOUS))
def test_the_adjoint_equation_agrees_as_far_as_its_steps_are_fine(name: str, adjoint: Any) -> None:
    problem = PROBLEMS[name]
    how = Solve(nde.Heun(), adjoint(), FINE) if problem.noisy else Solve(nde.Tsit5(), adjoint(), FINE // 8)
    if problem.noisy and adjoint is nde.InterpolatedAdjoint:
        with pytest.raises(TypeError, match="noise"):
            gradient(name, how)
        return
    ours, expected = gradient(name, how), gradient(name, how._replace(adjoint=DEFAULT))
    error = 2e-3 if problem.noisy else 1e-6
    np.testing.assert_allclose(ours, expected, rtol=0, atol=error * np.abs(expected).max())
