"""Vector fields that see all lanes of a `vmap`."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde

Y0 = jnp.asarray([0.0, 1.0, 5.0])


def final(y0, controller=nde.ConstantStepSize(), adjoint=nde.RecursiveCheckpointAdjoint()):
    """`y' = mean(y) - 2 y`: the mean decays as `exp(-t)`, what differs from it as `exp(-2 t)`."""
    field = nde.ODETerm(lambda t, y, args: jax.lax.pmean(y, "lanes") - 2 * y)
    return nde.diffeqsolve(
        field, nde.Tsit5(), 0.0, 1.0, 0.1, y0, stepsize_controller=controller, adjoint=adjoint, max_steps=64
    ).ys[0]


def exact(y0):
    return y0.mean() * np.exp(-1) + (y0 - y0.mean()) * np.exp(-2)


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "jit"])
@pytest.mark.parametrize(
    "controller",
    [
        nde.ConstantStepSize(),
        nde.PIDController(rtol=1e-6, atol=1e-6),
        nde.ClipStepSizeController(nde.PIDController(rtol=1e-6, atol=1e-6), step_ts=jnp.asarray([0.3])),
    ],
    ids=["constant", "pid", "clipped"],
)
def test_lanes_are_solved_together(controller, compiled):
    """With adaptive steps, too: all lanes take the same."""
    lanes = jax.vmap(lambda y0: final(y0, controller), axis_name="lanes")
    values = (jax.jit(lanes) if compiled else lanes)(Y0)
    np.testing.assert_allclose(values, exact(Y0), rtol=1e-5)


def test_the_gradient_of_each_lane():
    """`jax.vmap(jax.grad(f))` is that of the sum over all lanes."""
    controller = nde.PIDController(rtol=1e-6, atol=1e-6)
    slopes = jax.vmap(jax.grad(lambda y0: final(y0, controller)), axis_name="lanes")(Y0)
    np.testing.assert_allclose(slopes, np.exp(-1), rtol=1e-4)


@pytest.mark.parametrize(
    "adjoint",
    [
        nde.RecursiveCheckpointAdjoint(),
        nde.RecursiveCheckpointAdjoint(checkpoints=3),
        nde.DirectAdjoint(),
        nde.BacksolveAdjoint(),
        nde.InterpolatedAdjoint(max_steps=64),
    ],
    ids=["default", "few checkpoints", "direct", "backsolve", "interpolated"],
)
def test_the_gradient_of_the_batch(adjoint):
    """Of all lanes together: `jax.grad` of a `jax.vmap`."""

    def total(y0):
        return jax.vmap(lambda y0: final(y0, adjoint=adjoint), axis_name="lanes")(y0).sum()

    np.testing.assert_allclose(jax.grad(total)(Y0), np.exp(-1), rtol=1e-5)
