"""A solve of every kind makes no number that is not one: all of them run where JAX refuses to."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

import nde
from tests.laws.compiling import quick_jit

TS = jnp.linspace(0.0, 1.0, 5)
Y0 = jnp.asarray([0.0, 1.0])
"""Zero in a component: its error is zero in the first step."""

PID = nde.PIDController(rtol=1e-3, atol=1e-6)


@pytest.fixture(autouse=True)
def _no_nans() -> Iterator[None]:
    with jax.debug_nans(True):
        yield


def rotation(t: Any, y: Array, rate: Any) -> Array:
    del t
    return rate * jnp.stack([y[1], -y[0]])


def ode(y0: Array, rate: Any, **options: Any) -> nde.Solution:
    """An adaptive solve with save times."""
    given = {"saveat": nde.SaveAt(ts=TS), "stepsize_controller": PID, **options}
    return nde.diffeqsolve(nde.ODETerm(rotation), nde.Tsit5(), 0.0, 1.0, None, y0, args=rate, **given)


def cde(y0: Array, rate: Any) -> Array:
    """Along a path with a kink, and with an interval in which it rests."""
    path = nde.LinearInterpolation(TS, jnp.asarray([0.0, 1.0, 1.0, 0.5, 2.0])[:, None])
    return nde.cdeint(lambda t, y: rotation(t, y, rate)[:, None], path, y0, TS)


def sde(y0: Array, rate: Any) -> Array:
    """With noise that vanishes where the state does."""
    return nde.sdeint(
        lambda t, y: rotation(t, y, rate), lambda t, y: 0.1 * y, y0, TS, jax.random.key(0), dt0=0.05, solver=nde.Heun()
    )


def steps(y0: Array, rate: Any) -> Array:
    """A value after each step, in more slots than are used."""
    sol = ode(y0, rate, saveat=nde.SaveAt(steps=True), max_steps=64)
    return jnp.where(jnp.isfinite(sol.ts)[:, None], sol.ys, 0)


def dense(y0: Array, rate: Any) -> Array:
    """Values between steps."""
    sol = ode(y0, rate, saveat=nde.SaveAt(dense=True), max_steps=64)
    return jax.vmap(sol.evaluate)(TS) + jax.vmap(sol.derivative)(TS)


def backward(y0: Array, rate: Any) -> Array:
    """From the end to the start, by steps of one size."""
    return nde.diffeqsolve(nde.ODETerm(rotation), nde.Bosh3(), 1.0, 0.0, -0.1, y0, args=rate).ys


def jump(y0: Array, rate: Any) -> Array:
    """Across a jump of the vector field."""
    controller = nde.ClipStepSizeController(PID, jump_ts=jnp.asarray([0.5]))
    return ode(y0, rate, stepsize_controller=controller).ys


SOLVES: dict[str, Callable[[Array, Any], Array]] = {
    "ode": lambda y0, rate: ode(y0, rate).ys,
    "cde": cde,
    "sde": sde,
    "steps": steps,
    "dense": dense,
    "backward": backward,
    "jump": jump,
}


@pytest.mark.parametrize("solve", SOLVES.values(), ids=SOLVES)
def test_solves_outside_of_jit(solve: Callable[[Array, Any], Array]) -> None:
    assert np.isfinite(solve(Y0, 1.0)).all()


@pytest.mark.parametrize("solve", SOLVES.values(), ids=SOLVES)
def test_values_and_gradients_in_jit(solve: Callable[[Array, Any], Array]) -> None:
    value, gradient = quick_jit(jax.value_and_grad(lambda y0: jnp.sum(solve(y0, 1.0) ** 2)))(Y0)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


ADJOINTS = {
    "checkpoint": nde.RecursiveCheckpointAdjoint(),
    "few_checkpoints": nde.RecursiveCheckpointAdjoint(checkpoints=4),
    "direct": nde.DirectAdjoint(),
    "backsolve": nde.BacksolveAdjoint(),
    "interpolated": nde.InterpolatedAdjoint(),
}


@pytest.mark.parametrize("adjoint", ADJOINTS.values(), ids=ADJOINTS)
def test_every_adjoint(adjoint: nde.AbstractAdjoint) -> None:
    """A rotation keeps its radius, so that the gradient of its square is known."""
    gradient = quick_jit(jax.grad(lambda y0: jnp.sum(ode(y0, 1.0, adjoint=adjoint).ys[-1] ** 2)))(Y0)
    np.testing.assert_allclose(gradient, 2 * Y0, atol=2e-2)


def test_reversible_adjoint() -> None:
    def loss(y0: Array) -> Array:
        sol = nde.diffeqsolve(
            nde.ODETerm(rotation), nde.ReversibleHeun(), 0.0, 1.0, 0.05, y0, 1.0, adjoint=nde.ReversibleAdjoint()
        )
        return jnp.sum(sol.ys**2)

    np.testing.assert_allclose(quick_jit(jax.grad(loss))(Y0), 2 * Y0, atol=2e-2)


def test_forward_mode() -> None:
    gradient = quick_jit(jax.jacfwd(lambda y0: jnp.sum(ode(y0, 1.0, adjoint=nde.ForwardMode()).ys[-1] ** 2)))(Y0)
    np.testing.assert_allclose(gradient, 2 * Y0, atol=2e-2)


def test_implicit_adjoint() -> None:
    def rest(args: Any) -> Array:
        return nde.diffeqsolve(
            nde.ODETerm(lambda t, y, args: args - y),
            nde.Tsit5(),
            0.0,
            100.0,
            None,
            jnp.zeros(1),
            args=args,
            stepsize_controller=PID,
            event=nde.steady_state(rtol=1e-4, atol=1e-4),
            adjoint=nde.ImplicitAdjoint(),
        ).ys[0, 0]

    assert quick_jit(jax.grad(rest))(2.0) == pytest.approx(1.0, abs=1e-3)
