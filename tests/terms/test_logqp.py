"""The divergence between the laws of two equations with one diffusion."""

from typing import Any

import jax
import jax.numpy as jnp
import lineax as lx
import numpy as np
import pytest

import nde
from tests.laws.compiling import quick_jit
from tests.laws.precision import x64

__all__ = ["x64"]

pytestmark = pytest.mark.usefixtures("x64")

KEYS = jax.random.split(jax.random.key(2), 4000)
RATE, LEVEL, PRIOR_RATE, PRIOR_LEVEL, VOLATILITY, START = 1.5, 0.8, 0.4, -0.3, 0.7, -0.9


def closed_form(t: float) -> float:
    """`1 / (2 s^2) ∫ E (a + b y)^2 dt` along the first of two Ornstein-Uhlenbeck processes, integrated by hand."""
    a, b = RATE * LEVEL - PRIOR_RATE * PRIOR_LEVEL, PRIOR_RATE - RATE
    offset, spread = a + b * LEVEL, b * (START - LEVEL)
    decay, square = -np.expm1(-RATE * t) / RATE, -np.expm1(-2 * RATE * t) / (2 * RATE)
    means = offset**2 * t + 2 * offset * spread * decay + spread**2 * square
    variances = b**2 * VOLATILITY**2 / (2 * RATE) * (t - square)
    return (means + variances) / (2 * VOLATILITY**2)


@pytest.mark.parametrize("solver", [nde.Euler(), nde.Heun()], ids=["Ito", "Stratonovich"])
def test_two_ornstein_uhlenbeck_processes(solver: Any) -> None:
    """The mean over 4,000 paths at three times, within five standard errors and the error of steps of 1/400."""
    ts = jnp.asarray([0.0, 0.3, 1.0, 2.0])

    def one(key: jax.Array) -> Any:
        return nde.sdeint(
            lambda t, y: RATE * (LEVEL - y),
            lambda t, y: VOLATILITY,
            START,
            ts,
            key,
            prior=lambda t, y: PRIOR_RATE * (PRIOR_LEVEL - y),
            dt0=1 / 400,
            solver=solver,
        )

    _, divergence = quick_jit(jax.vmap(one))(KEYS)
    errors = np.asarray(divergence).std(axis=0) / np.sqrt(len(KEYS))
    exact = np.array([closed_form(float(t)) for t in ts])
    assert exact[-1] > 1
    assert (np.abs(np.asarray(divergence).mean(axis=0) - exact) <= 5 * errors + 0.01 * exact).all()


def divergence(diffusion: Any, size: int) -> jax.Array:
    """Along one path of a linear equation in the plane whose noise is a rotated diagonal."""
    motion = nde.BrownianMotion((size,), KEYS[0])
    noise = nde.ControlTerm(lambda t, y, args: diffusion, motion)
    terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: jnp.asarray([1.0, 2.0])), noise)
    both = nde.with_logqp(terms, lambda t, y, args: jnp.asarray([0.5, -1.0]))
    return nde.diffeqsolve(both, nde.Euler(), 0.0, 2.0, 0.1, (jnp.ones(2), jnp.zeros(()))).ys[1][0]


def test_diffusions_of_every_layout() -> None:
    """Constant ones: `t d^T (g g^T)^-1 d / 2` with the difference `d` of the drifts."""
    d, sizes = np.array([0.5, 3.0]), np.array([0.4, 2.0])
    spin = np.array([[0.6, -0.8], [0.8, 0.6]])
    np.testing.assert_allclose(divergence(jnp.asarray(sizes), 2), np.sum((d / sizes) ** 2), rtol=1e-9)
    matrix = spin * sizes
    exact = d @ np.linalg.solve(matrix @ matrix.T, d)
    np.testing.assert_allclose(divergence(jnp.asarray(matrix), 2), exact, rtol=1e-9)
    operator = lx.MatrixLinearOperator(jnp.asarray(matrix))
    np.testing.assert_allclose(divergence(operator, 2), exact, rtol=1e-9)
    wide = np.concatenate([matrix, [[0.3], [0.1]]], axis=1)
    exact = d @ np.linalg.solve(wide @ wide.T, d)
    np.testing.assert_allclose(divergence(jnp.asarray(wide), 3), exact, rtol=1e-9)


def test_diffusions_that_leave_directions_without_noise() -> None:
    """The smallest `u` of those that fit: by NumPy's pseudoinverse."""
    d = np.array([0.5, 3.0])
    for matrix in (np.outer(d, [0.3, 0.4]), np.outer(d, [0.3, 0.4, -0.2])):
        exact = np.sum((np.linalg.pinv(matrix) @ d) ** 2)
        np.testing.assert_allclose(divergence(jnp.asarray(matrix), matrix.shape[1]), exact, rtol=1e-9)


def test_a_component_without_noise_and_without_difference_adds_nothing() -> None:
    ts = jnp.asarray([2.0, 0.0])

    def drift(t: Any, y: Any) -> jax.Array:
        return jnp.asarray([1.0, 0.2])

    _, found = nde.sdeint(
        drift,
        lambda t, y: jnp.asarray([0.5, 0.0]),
        jnp.ones(2),
        ts,
        KEYS[0],
        prior=lambda t, y: jnp.asarray([0.0, 0.2]),
    )
    np.testing.assert_allclose(found, [0.0, 4.0], rtol=1e-9)


def test_its_gradient() -> None:
    """Of `t (m / s)^2 / 2` to the difference `m` and to the diffusion `s`."""

    def value(m: jax.Array, s: jax.Array) -> jax.Array:
        ts = jnp.asarray([0.0, 3.0])
        return nde.sdeint(lambda t, y: m, lambda t, y: s, 0.0, ts, KEYS[0], prior=lambda t, y: 0.0)[1][-1]

    np.testing.assert_allclose(value(0.5, 2.0), 3 * 0.0625 / 2, rtol=1e-9)
    np.testing.assert_allclose(jax.grad(value, argnums=(0, 1))(0.5, 2.0), [3 * 0.125, -3 * 0.03125], rtol=1e-9)


def test_a_motion_of_several_arrays_is_refused() -> None:
    motion = nde.BrownianMotion({"a": jax.ShapeDtypeStruct((), float), "b": jax.ShapeDtypeStruct((), float)}, KEYS[0])
    noise = nde.ControlTerm(lambda t, y, args: {"a": 1.0, "b": 2.0}, motion)
    with pytest.raises(TypeError, match="a single one"):
        nde.with_logqp(nde.MultiTerm(nde.ODETerm(lambda t, y, args: y), noise), lambda t, y, args: y)
