"""A state may be complex and any pytree; the numbers are those of the flat real state."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from tests.laws.compiling import quick_jit
from tests.laws.methods import SOLVERS, VALUE_ROUNDING, solver_of, steps_of
from tests.laws.problems import SPIN_ARGS, SPIN_Y0, decay, spinning_logistic

pytestmark = pytest.mark.usefixtures("x64")

TS = (0.0, 0.41, 1.0)


def complex_spin(t: Any, z: Any, args: Any) -> Any:
    """`spinning_logistic` with the plane read as the complex numbers."""
    rate, spin = args
    return z * jax.lax.complex(rate * (1 - jnp.abs(z)), spin * (1 + t))


def tree_spin(t: Any, y: Any, args: Any) -> Any:
    """`spinning_logistic` with its two coordinates in a nested state."""
    out = spinning_logistic(t, jnp.stack([y["a"][0][0], y["b"]]), args)
    return {"a": (out[:1], None), "b": out[1]}


def solve(name: str, field: Any, y0: Any, dt0: float, controller: Any) -> nde.Solution:
    saveat = nde.SaveAt(ts=jnp.asarray(TS))

    @quick_jit
    def run(y0: Any) -> nde.Solution:
        return nde.diffeqsolve(
            nde.ODETerm(field),
            solver_of(name),
            0.0,
            1.0,
            dt0,
            y0,
            args=SPIN_ARGS,
            saveat=saveat,
            stepsize_controller=controller,
            max_steps=128,
        )

    return run(y0)


@pytest.mark.filterwarnings("default:Complex dtype support")
@pytest.mark.parametrize("name", SOLVERS)
def test_complex_state_equals_the_pair_of_its_parts(name: str) -> None:
    constant = (0.05, nde.ConstantStepSize())
    plane = solve(name, spinning_logistic, jnp.asarray(SPIN_Y0), *constant)
    line = solve(name, complex_spin, jnp.asarray(complex(*SPIN_Y0)), *constant)
    assert line.ys.dtype == jnp.complex128
    np.testing.assert_allclose(line.ys.real, plane.ys[:, 0], rtol=1e-12)
    np.testing.assert_allclose(line.ys.imag, plane.ys[:, 1], rtol=1e-12)


@pytest.mark.filterwarnings("default:Complex dtype support")
def test_complex_state_meets_its_tolerance() -> None:
    controller = nde.PIDController(rtol=1e-9, atol=1e-9)
    sol = solve("Dopri8", lambda t, z, args: 1j * z, jnp.asarray(1.0 + 0.0j), 0.1, controller)
    np.testing.assert_allclose(sol.ys, np.exp(1j * np.asarray(TS)), atol=1e-8)


@pytest.mark.parametrize("name", SOLVERS)
def test_pytree_state_equals_the_flat_state(name: str) -> None:
    dt0, controller = steps_of(name)
    flat = solve(name, spinning_logistic, jnp.asarray(SPIN_Y0), dt0, controller)
    nested = {"a": (jnp.asarray(SPIN_Y0[:1]), None), "b": jnp.asarray(SPIN_Y0[1])}
    tree = solve(name, tree_spin, nested, dt0, controller)
    assert jax.tree.structure(tree.ys) == jax.tree.structure(nested)
    assert tree.stats["num_steps"] == flat.stats["num_steps"]
    np.testing.assert_allclose(tree.ys["a"][0][:, 0], flat.ys[:, 0], rtol=VALUE_ROUNDING)
    np.testing.assert_allclose(tree.ys["b"], flat.ys[:, 1], rtol=VALUE_ROUNDING)


@pytest.mark.parametrize("y0", [2.0, np.float64(2.0), np.asarray([2.0, 1.0])], ids=["float", "scalar", "numpy"])
def test_state_may_be_a_number_or_a_numpy_array(y0: Any) -> None:
    sol = nde.diffeqsolve(nde.ODETerm(decay), nde.Dopri5(), 0.0, 1.0, 0.05, y0, args=0.7)
    assert sol.ys.shape == (1, *np.shape(y0))
    np.testing.assert_allclose(sol.ys[0], np.asarray(y0) * np.exp(-0.7), rtol=1e-8)


def test_large_batch_in_the_state_equals_each_alone() -> None:
    y0 = jax.random.normal(jax.random.key(1), (5, 3))
    sol = nde.diffeqsolve(nde.ODETerm(decay), nde.Tsit5(), 0.0, 1.0, 0.05, y0, args=0.7)
    np.testing.assert_allclose(sol.ys[0], y0 * jnp.exp(-0.7), rtol=1e-8)


PID = nde.PIDController(rtol=1e-4, atol=1e-6, pcoeff=0.3, icoeff=0.3, dcoeff=0.1)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.complex64])
@pytest.mark.parametrize("shape", [(0,), (2, 0)])
def test_a_state_of_no_numbers_keeps_its_precision(shape: tuple[int, ...], dtype: Any) -> None:
    """With float64 switched on, for then a norm of nothing of the default precision does not fit."""
    sol = nde.diffeqsolve(
        nde.ODETerm(decay), nde.Tsit5(), 0.0, 1.0, None, jnp.zeros(shape, dtype), 1.0, stepsize_controller=PID
    )
    assert sol.ys.shape == (1, *shape)
    assert sol.ys.dtype == dtype
