"""Misuse that is seen before anything runs."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde

DECAY = nde.ODETerm(lambda t, y, args: -y)
PID = nde.PIDController(rtol=1e-3, atol=1e-6)


diffeqsolve = inspect.unwrap(nde.diffeqsolve)
"""As users call it: without the types being checked as they are in tests."""


def test_arguments_of_the_wrong_kind():
    with pytest.raises(TypeError, match=r"got a function as `terms`; expected an instance such as `nde\.ODETerm"):
        diffeqsolve(lambda t, y, args: -y, nde.Euler(), 0.0, 1.0, 0.1, 1.0)
    with pytest.raises(TypeError, match="got the class Tsit5 as `solver`"):
        diffeqsolve(DECAY, nde.Tsit5, 0.0, 1.0, 0.1, 1.0)
    with pytest.raises(TypeError, match="as `stepsize_controller`"):
        diffeqsolve(DECAY, nde.Tsit5(), 0.0, 1.0, 0.1, 1.0, stepsize_controller=0.1)
    with pytest.raises(TypeError, match="as `saveat`"):
        diffeqsolve(DECAY, nde.Tsit5(), 0.0, 1.0, 0.1, 1.0, saveat=[0.0, 1.0])
    with pytest.raises(TypeError, match=r"got a function as `event`; expected `None` or a rule"):
        diffeqsolve(DECAY, nde.Tsit5(), 0.0, 1.0, 0.1, 1.0, event=lambda *_: True)


FIELDS = {
    "structure": (lambda t, y, args: (y, y), ValueError, "structure"),
    "shape": (lambda t, y, args: y[:, None], ValueError, r"shape \(3, 1\) for a state of shape \(3,\)"),
    "complex": (lambda t, y, args: jax.lax.complex(y, y), TypeError, "complex64 for a state of dtype float32.*cast"),
}


@pytest.mark.parametrize(("field", "error", "message"), FIELDS.values(), ids=FIELDS)
@pytest.mark.parametrize("jit", [False, True])
def test_fields_that_do_not_fit_the_state(field, error, message, jit):
    def solve(y0):
        return nde.diffeqsolve(nde.ODETerm(field), nde.Tsit5(), 0.0, 1.0, 0.1, y0).ys

    with pytest.raises(error, match=message):
        (jax.jit(solve) if jit else solve)(jnp.ones(3))


def test_a_field_of_lower_precision_is_taken():
    sol = nde.diffeqsolve(
        nde.ODETerm(lambda t, y, args: -y.astype(jnp.float16)), nde.Euler(), 0.0, 1.0, 0.5, jnp.ones(2)
    )
    assert sol.ys.dtype == jnp.float32
    np.testing.assert_array_equal(sol.ys, [[0.25, 0.25]])


def test_parts_that_do_not_fit():
    with pytest.raises(ValueError, match="Euler, which estimates no error, with PIDController"):
        nde.diffeqsolve(DECAY, nde.Euler(), 0.0, 1.0, 0.1, 1.0, stepsize_controller=PID)
    with pytest.raises(ValueError, match=r"`ConstantStepSize` got `dt0=None`"):
        nde.diffeqsolve(DECAY, nde.Euler(), 0.0, 1.0, None, 1.0)
    with pytest.raises(ValueError, match="`max_steps=0`"):
        nde.diffeqsolve(DECAY, nde.Euler(), 0.0, 1.0, 0.1, 1.0, max_steps=0)
    for saveat in (nde.SaveAt(steps=True), nde.SaveAt(dense=True)):
        with pytest.raises(ValueError, match="Give a bound"):
            nde.diffeqsolve(DECAY, nde.Euler(), 0.0, 1.0, 0.1, 1.0, max_steps=None, saveat=saveat)
    with pytest.raises(TypeError, match="must be real"):
        diffeqsolve(DECAY, nde.Euler(), 0.0, 1.0j, 0.1, 1.0)


def test_forward_mode_of_the_default_names_the_one_that_has_it():
    def final(y0):
        return nde.diffeqsolve(DECAY, nde.Tsit5(), 0.0, 1.0, 0.1, y0).ys[0]

    with pytest.raises(TypeError, match=r"nde\.ForwardMode\(\)"):
        jax.jvp(final, (jnp.asarray(1.0),), (jnp.asarray(1.0),))


def costly(t, y, args):
    return -y * jnp.mean(jnp.sin(args * jnp.ones(4000)) ** 2)


def test_reverse_mode_without_a_bound_on_steps():
    """A cheap field of few inputs needs none; others want to know how much to keep."""

    def final(rate, field, adjoint):
        return nde.diffeqsolve(
            nde.ODETerm(field),
            nde.Tsit5(),
            0.0,
            1.0,
            None,
            jnp.asarray(1.0),
            rate,
            stepsize_controller=nde.PIDController(rtol=1e-5, atol=1e-5),
            max_steps=None,
            adjoint=adjoint,
        ).ys[0]

    cheap = jax.grad(lambda rate: final(rate, lambda t, y, rate: -rate * y, nde.RecursiveCheckpointAdjoint()))
    np.testing.assert_allclose(cheap(1.0), -np.exp(-1.0), rtol=1e-3)
    with pytest.raises(ValueError, match=r"`max_steps=None` in reverse mode.*checkpoints=\.\.\."):
        jax.grad(lambda rate: final(rate, costly, nde.RecursiveCheckpointAdjoint()))(1.0)
    with pytest.raises(ValueError, match="`max_steps=None`"):
        final(1.0, costly, nde.DirectAdjoint())
    kept = jax.grad(lambda rate: final(rate, costly, nde.RecursiveCheckpointAdjoint(checkpoints=4)))
    exact = jax.grad(lambda rate: jnp.exp(-(jnp.sin(rate) ** 2)))
    np.testing.assert_allclose(kept(1.0), exact(1.0), rtol=1e-3)


def test_a_field_that_is_a_number_is_taken() -> None:
    ys = nde.diffeqsolve(nde.ODETerm(lambda t, y, args: 2), nde.Tsit5(), 0.0, 1.5, 0.5, 1.0).ys
    np.testing.assert_allclose(ys, [4.0], rtol=1e-6)
