"""Steps are counted as an independent solver in NumPy counts them."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import RK45

import nde

pytestmark = pytest.mark.usefixtures("x64")


def oscillator(t, y):
    return np.array([y[1], -np.sin(3 * y[0]) - 0.3 * y[1] + np.cos(2 * t)])


def adaptive_in_numpy(t1: float, h: float, tol: float) -> tuple[list[float], int]:
    """Ends of the accepted steps of Dormand and Prince's pair with an I controller, and how many were rejected."""
    A, B, E = RK45.A, RK45.B, RK45.E
    t, y, ends, rejected = 0.0, np.array([1.0, 0.5]), [], 0
    while t < t1:
        h = min(h, t1 - t)
        stages = [oscillator(t, y)]
        for a, c in zip(A[1:], RK45.C[1:], strict=True):
            stages.append(oscillator(t + c * h, y + h * (a[: len(stages)] @ stages)))
        new = y + h * (B @ stages)
        stages.append(oscillator(t + h, new))
        error = h * (E @ stages) / (tol + tol * np.maximum(abs(y), abs(new)))
        size = np.sqrt(np.mean(error**2))
        accepted = size < 1
        factor = 0.9 * size ** (-1 / 5)
        factor = np.clip(factor, 1.0, 10.0) if accepted else np.clip(factor, 0.2, 0.9)
        if accepted:
            t, y = t + h, new
            ends.append(t)
        else:
            rejected += 1
        h *= factor
    return ends, rejected


def test_steps_are_those_of_numpy():
    ends, rejected = adaptive_in_numpy(6.0, 1.0, 1e-6)
    sol = nde.diffeqsolve(
        nde.ODETerm(lambda t, y, args: jnp.stack([y[1], -jnp.sin(3 * y[0]) - 0.3 * y[1] + jnp.cos(2 * t)])),
        nde.Dopri5(),
        0.0,
        6.0,
        1.0,
        jnp.asarray([1.0, 0.5]),
        saveat=nde.SaveAt(steps=True),
        stepsize_controller=nde.PIDController(rtol=1e-6, atol=1e-6),
        max_steps=300,
    )
    assert rejected > 0
    assert sol.stats["num_accepted_steps"] == len(ends)
    assert sol.stats["num_rejected_steps"] == rejected
    assert sol.stats["num_steps"] == len(ends) + rejected
    assert sol.stats["max_steps"] == 300
    np.testing.assert_allclose(sol.ts[: len(ends)], ends, rtol=1e-8)


@pytest.mark.parametrize("max_steps", [None, 20])
def test_constant_steps_are_counted(max_steps):
    sol = nde.diffeqsolve(
        nde.ODETerm(lambda t, y, args: -y), nde.Euler(), 0.0, 1.0, 0.15, jnp.asarray(1.0), max_steps=max_steps
    )
    assert (sol.stats["num_steps"], sol.stats["num_rejected_steps"]) == (7, 0)
    np.testing.assert_allclose(sol.ys[0], 0.85**6 * 0.9, rtol=1e-12)
