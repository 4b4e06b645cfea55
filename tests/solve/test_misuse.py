"""Mistakes at the edges of the library: each is told in words, and by an error of Python's own kinds."""

import jax
import jax.numpy as jnp
import pytest

import nde

pytestmark = pytest.mark.usefixtures("as_users_call_it")

TERM = nde.ODETerm(lambda t, y, args: -y)


def key() -> jax.Array:
    return jax.random.key(0)


def solve(term=TERM, y0=1.0, solver=None, **given) -> nde.Solution:
    return nde.diffeqsolve(term, nde.Tsit5() if solver is None else solver, 0.0, 1.0, 0.1, y0, **given)


def pid(**given) -> nde.PIDController:
    return nde.PIDController(rtol=1e-3, atol=1e-3, **given)


def state_of(name: str):
    return getattr(solve(saveat=nde.SaveAt(t1=True, **{name: True})), name)


MISTAKES = {
    "shape is a number": (lambda: nde.BrownianMotion(3, key()), TypeError, r"`3` as the shape"),
    "shape is negative": (lambda: nde.BrownianMotion((-1,), key()), ValueError, "negative"),
    "field returns words": (lambda: solve(nde.ODETerm(lambda t, y, args: "x")), TypeError, "returned a str"),
    "state is a key": (lambda: solve(y0=key()), TypeError, "key in the state"),
    "norm of each component": (
        lambda: solve(y0=jnp.ones(2), stepsize_controller=pid(norm=lambda x: x)),
        ValueError,
        r"shape \(2,\)",
    ),
    "dense output at many times": (
        lambda: solve(saveat=nde.SaveAt(dense=True)).evaluate(jnp.ones(2)),
        ValueError,
        "`jax.vmap`",
    ),
    "motion at many times": (
        lambda: nde.VirtualBrownianTree(0.0, 1.0, 0.1, (), key()).evaluate(jnp.zeros(2), jnp.ones(2)),
        ValueError,
        "`jax.vmap`",
    ),
    "another controller resumes": (
        lambda: solve(stepsize_controller=pid(), controller_state=state_of("controller_state")),
        TypeError,
        "`ConstantStepSize`, to resume with `PIDController`",
    ),
    "another solver resumes": (
        lambda: solve(solver=nde.ReversibleHeun(), solver_state=state_of("solver_state")),
        TypeError,
        "`Tsit5`, to resume with `ReversibleHeun`",
    ),
    "save times of nothing": (lambda: nde.SaveAt(ts=[None]), TypeError, "times"),
    "save times of many lengths": (lambda: nde.SaveAt(ts=[[1.0], [1.0, 2.0]]), TypeError, "times"),
    "steps to nothing": (lambda: nde.StepTo(None), TypeError, "times"),
    "times of nothing": (lambda: nde.odeint(lambda t, y: -y, 1.0, [None, None]), TypeError, "`ts`"),
    "times are keys": (
        lambda: nde.sdeint(lambda t, y: y, lambda t, y: y, 1.0, jax.random.split(key(), 3), key()),
        TypeError,
        "`ts`",
    ),
    "diffusion is a number": (
        lambda: nde.sdeint(lambda t, y: y, 3, 1.0, jnp.linspace(0.0, 1.0, 3), key()),
        TypeError,
        "`3` as a vector field",
    ),
    "checkpoints are words": (lambda: nde.RecursiveCheckpointAdjoint(checkpoints="a"), TypeError, "whole number"),
}


@pytest.mark.parametrize(("made", "kind", "words"), MISTAKES.values(), ids=MISTAKES)
def test_is_told(made, kind, words) -> None:
    with pytest.raises(kind, match=words):
        made()
