"""Python numbers in `args` and in the vector field: constants of the program, or inputs of a gradient."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde


class Field(eqx.Module):
    """`-args[0] * args[1] * power * factor * y`."""

    power: int
    factor: float

    def __call__(self, t, y, args):
        return -args[0] * args[1] * self.power * self.factor * y


ADJOINTS = [
    nde.RecursiveCheckpointAdjoint(),
    nde.RecursiveCheckpointAdjoint(checkpoints=3),
    nde.ReversibleAdjoint(),
    nde.BacksolveAdjoint(),
    nde.InterpolatedAdjoint(),
    nde.DirectAdjoint(),
]


@pytest.mark.parametrize("adjoint", ADJOINTS, ids=lambda adjoint: type(adjoint).__name__)
def test_python_numbers_are_inputs_of_a_gradient(adjoint):
    """Compiled by `filter_jit` they are constants, which JAX hands to the rules of a gradient as typed numbers."""

    def final(inputs):
        y0, args, field = inputs
        term = nde.ODETerm(field)
        return nde.diffeqsolve(term, nde.ReversibleHeun(), 0.0, 1.0, 0.02, y0, args, adjoint=adjoint, max_steps=64).ys[
            0
        ]

    inputs = (1.0, (0.5, 1), Field(1, 1.0))
    for gradient in (jax.grad(final, allow_int=True), eqx.filter_jit(jax.grad(final, allow_int=True))):
        y0, (rate, _), field = gradient(inputs)
        np.testing.assert_allclose([y0, rate, field.factor], np.exp(-0.5) * np.asarray([1, -1, -0.5]), rtol=1e-3)


def test_of_a_state_at_rest():
    def final(args):
        return nde.diffeqsolve(
            nde.ODETerm(lambda t, y, args: args[0] * args[1] - y),
            nde.Tsit5(),
            0.0,
            40.0,
            0.5,
            1.0,
            args,
            adjoint=nde.ImplicitAdjoint(),
        ).ys[0]

    rate, _ = eqx.filter_jit(jax.grad(final, allow_int=True))((0.5, 3))
    np.testing.assert_allclose(rate, 3.0, rtol=1e-5)


def test_numbers_beside_arrays_in_lanes():
    def final(rate):
        args = (rate, 1, {"name": "x", "number": 2.0})
        return nde.diffeqsolve(nde.ODETerm(Field(1, 1.0)), nde.Tsit5(), 0.0, 1.0, 0.1, 1.0, args).ys[0]

    rates = jnp.asarray([0.5, 1.0])
    np.testing.assert_allclose(jax.vmap(jax.grad(final))(rates), -jnp.exp(-rates), rtol=1e-5)
