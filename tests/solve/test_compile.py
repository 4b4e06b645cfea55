"""Changing a number does not compile anew; changing the program does."""

import jax.numpy as jnp
import numpy as np

import nde


class Counted:
    """A decay that counts how often it is traced."""

    def __init__(self) -> None:
        self.traces = 0

    def __call__(self, t, y, args):
        self.traces += 1
        return -args * y


def test_numbers_are_traced():
    field = Counted()
    term = nde.ODETerm(field)

    def solve(t0=0.0, t1=1.0, dt0=0.1, y0=1.0, rate=1.0, tol=1e-3, ts=(0.5, 0.6), factormax=5.0):
        return nde.diffeqsolve(
            term,
            nde.Tsit5(),
            t0,
            t1,
            dt0,
            y0,
            jnp.asarray(rate),
            saveat=nde.SaveAt(ts=jnp.asarray(ts)),
            stepsize_controller=nde.PIDController(rtol=tol, atol=tol, factormax=factormax),
        ).ys

    solve()
    once = field.traces
    assert once > 0
    np.testing.assert_allclose(solve(t0=0.25), np.exp([-0.25, -0.35]), rtol=1e-2)
    np.testing.assert_allclose(solve(t1=0.7, y0=2.0), 2 * np.exp([-0.5, -0.6]), rtol=1e-2)
    np.testing.assert_allclose(solve(tol=1e-6, dt0=0.01, factormax=3.0), np.exp([-0.5, -0.6]), rtol=1e-5)
    np.testing.assert_allclose(solve(rate=2.0, ts=(0.1, 0.9)), np.exp([-0.2, -1.8]), rtol=1e-2)
    assert field.traces == once
    solve(ts=(0.1, 0.2, 0.3))
    assert field.traces > once
