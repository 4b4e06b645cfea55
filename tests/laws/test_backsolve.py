"""Continuous adjoints: as near to the default's gradient as the tolerances of both solves are small."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

import nde
from tests.laws.compiling import quick_jit
from tests.laws.gradient_cells import assert_gradients_close, flat_inputs, inputs_of
from tests.laws.methods import SAVE_FORMS
from tests.laws.problems import spinning_logistic

pytestmark = pytest.mark.usefixtures("x64")

DEFAULT = nde.RecursiveCheckpointAdjoint()
CONTINUOUS = (nde.BacksolveAdjoint, nde.InterpolatedAdjoint)


def pid(tolerance: float, norm: Any = nde.rms_norm) -> nde.PIDController:
    return nde.PIDController(rtol=tolerance, atol=tolerance, norm=norm)


def gradient(form: str, adjoint: Any, tolerance: float = 1e-9) -> np.ndarray:
    """To all inputs, times and a captured parameter among them."""
    saveat, read = SAVE_FORMS[form]

    def loss(flat: jax.Array) -> jax.Array:
        p = inputs_of(flat)
        sol = nde.diffeqsolve(
            nde.ODETerm(lambda t, y, args: spinning_logistic(t, y, (args, p["spin"]))),
            nde.Dopri8(),
            p["t0"],
            p["t1"],
            None,
            p["y0"],
            args=p["rate"],
            saveat=saveat(p["ts"]),
            stepsize_controller=pid(tolerance),
            adjoint=adjoint,
            max_steps=256,
        )
        values = jnp.concatenate([jnp.ravel(v) for v in read(sol, p["ts"])])
        return jnp.cos(jnp.arange(values.size)) @ values

    return np.asarray(quick_jit(jax.grad(loss))(flat_inputs()))


@pytest.mark.parametrize("adjoint", CONTINUOUS)
@pytest.mark.parametrize("form", ["t0_t1", "fn"])
def test_the_gradient_is_that_of_the_default(adjoint: Any, form: str) -> None:
    """Between steps the default's is that of the interpolant, which is less exact than the steps."""
    assert_gradients_close(gradient(form, adjoint()), gradient(form, DEFAULT), 1e-6)


def test_several_outputs_with_times_of_their_own() -> None:
    def loss(flat: jax.Array, adjoint: Any) -> jax.Array:
        p = inputs_of(flat)
        first = nde.SubSaveAt(ts=p["ts"], fn=lambda t, y, args: t * y[0] * args)
        sol = nde.diffeqsolve(
            nde.ODETerm(lambda t, y, args: spinning_logistic(t, y, (args, p["spin"]))),
            nde.Dopri8(),
            p["t0"],
            p["t1"],
            None,
            p["y0"],
            args=p["rate"],
            saveat=nde.SaveAt(subs=[first, nde.SubSaveAt(ts=p["ts"][1:], t1=True)]),
            stepsize_controller=pid(1e-9),
            adjoint=adjoint,
        )
        return sum(jnp.sum(jnp.cos(y)) for y in jax.tree.leaves(sol.ys))

    ours, expected = (
        quick_jit(jax.grad(lambda flat, a=a: loss(flat, a)))(flat_inputs()) for a in (nde.BacksolveAdjoint(), DEFAULT)
    )
    assert_gradients_close(ours, expected, 1e-6)


def test_the_error_falls_with_the_tolerance_of_the_way_back() -> None:
    expected = gradient("t1", DEFAULT, 1e-11)
    errors = [
        np.abs(gradient("t1", nde.BacksolveAdjoint(nde.Bosh3(), pid(tol)), 1e-11) - expected).max()
        for tol in (1e-2, 1e-4, 1e-6)
    ]
    assert errors[0] > 10 * errors[1] > 100 * errors[2]


def test_constant_steps_back_converge_at_the_order_of_their_solver() -> None:
    def loss(rate: jax.Array, adjoint: Any) -> jax.Array:
        term = nde.ODETerm(lambda t, y, args: -args * y * (1 + t))
        return nde.diffeqsolve(term, nde.Dopri8(), 0.0, 1.0, 0.02, 1.0, args=rate, adjoint=adjoint).ys[0]

    def error(dt0: float) -> float:
        steps = nde.ConstantStepSize()
        adjoint = nde.BacksolveAdjoint(solver=nde.Heun(), stepsize_controller=steps, dt0=dt0)
        exact = -1.5 * np.exp(-1.5 * 1.3)
        return abs(float(jax.grad(loss)(jnp.asarray(1.3), adjoint)) - exact)

    assert np.log2(error(0.1) / error(0.05)) == pytest.approx(2.0, abs=0.3)


def driven(tolerance: float, adjoint: Any) -> np.ndarray:
    """A neural CDE along interpolated data, to its weights and first state."""
    ts = jnp.linspace(0.0, 1.0, 6)
    path = nde.LinearInterpolation(ts, jnp.stack([ts, jnp.sin(5 * ts)], axis=-1))

    def loss(weights: jax.Array, y0: jax.Array) -> jax.Array:
        field = nde.ControlTerm(lambda t, y, args: jnp.tanh(jnp.einsum("ijk,j->ik", weights, y)), path).to_ode()
        sol = nde.diffeqsolve(
            field,
            nde.Tsit5(),
            0.0,
            1.0,
            None,
            y0,
            saveat=nde.SaveAt(ts=jnp.array([0.2, 0.8]), t1=True),
            stepsize_controller=pid(tolerance),
            adjoint=adjoint,
        )
        return jnp.sum(sol.ys**2)

    weights = jnp.cos(jnp.arange(18.0)).reshape(3, 3, 2)
    return np.asarray(ravel_pytree(quick_jit(jax.grad(loss, argnums=(0, 1)))(weights, jnp.ones(3)))[0])


@pytest.mark.parametrize("adjoint", CONTINUOUS)
def test_a_controlled_equation(adjoint: Any) -> None:
    """Adaptive steps back end at the knots, too."""
    back = adjoint(stepsize_controller=pid(1e-8, nde.adjoint_rms_seminorm))
    np.testing.assert_allclose(driven(1e-8, back), driven(1e-8, DEFAULT), atol=1e-5)


@pytest.mark.parametrize(("solver", "error"), [("Heun", 1e-3), ("Euler", 3e-2)])
def test_noise_is_walked_backward(solver: str, error: float) -> None:
    """An Itô solve, too, by its Stratonovich equation; with four times the steps nearer."""
    tree = nde.VirtualBrownianTree(0.0, 1.0, 1e-3, (2,), jax.random.key(3))

    def loss(flat: jax.Array, adjoint: Any, steps: int) -> jax.Array:
        drift = nde.ODETerm(lambda t, y, args: jnp.stack([flat[2] * y[1], -jnp.sin(y[0])]))
        noise = nde.ControlTerm(lambda t, y, args: 0.4 * flat[3] * (jnp.cos(y) + 1.5), tree)
        terms = nde.MultiTerm(drift, noise)
        sol = nde.diffeqsolve(terms, getattr(nde, solver)(), 0.0, 1.0, 1 / steps, flat[:2], adjoint=adjoint)
        return jnp.sum(jnp.sin(sol.ys))

    def distance(steps: int) -> float:
        gradients = [
            quick_jit(jax.grad(lambda flat, a=a: loss(flat, a, steps)))(jnp.array([0.5, -0.2, 0.7, 1.1]))
            for a in (nde.BacksolveAdjoint(), DEFAULT)
        ]
        return float(jnp.abs(gradients[0] - gradients[1]).max())

    near = distance(1024)
    assert near < error
    assert near < 0.7 * distance(64)


def pytree_loss(y0: jax.Array, adjoint: Any, t0: float = 0.0, t1: float = 1.0) -> jax.Array:
    """A state of two leaves."""

    def field(t: Any, y: Any, args: Any) -> Any:
        return {"a": -y["a"] * jnp.sum(y["b"]), "b": jnp.sin(y["b"]) * y["a"]}

    start = {"a": y0[0], "b": y0[1:]}
    term = nde.ODETerm(field)
    sol = nde.diffeqsolve(term, nde.Tsit5(), t0, t1, None, start, stepsize_controller=pid(1e-9), adjoint=adjoint)
    return sum(jnp.sum(jnp.sin(x)) for x in jax.tree.leaves(sol.ys))


Y0 = ((1.0, 0.5, 0.2), (0.3, 2.0, 1.0), (5.0, 0.1, 0.1))


@pytest.mark.parametrize("adjoint", CONTINUOUS)
def test_lanes_pytrees_backward_in_time_and_hessians(adjoint: Any) -> None:
    def compare(derivative: Any) -> None:
        ours, expected = (quick_jit(derivative(a))(jnp.asarray(Y0)) for a in (adjoint(), DEFAULT))
        np.testing.assert_allclose(ours, expected, atol=1e-7)

    compare(lambda a: jax.vmap(jax.grad(lambda y: pytree_loss(y, a))))
    compare(lambda a: lambda ys: jax.grad(lambda y: pytree_loss(y, a, 1.0, 0.2))(ys[1]))
    compare(lambda a: lambda ys: jax.jacfwd(jax.grad(lambda y: pytree_loss(y, a)))(ys[1]))


def test_memory_does_not_grow_with_the_steps() -> None:
    def bytes_of(steps: int, adjoint: Any) -> int:
        def final(y0: jax.Array) -> jax.Array:
            term = nde.ODETerm(lambda t, y, args: jnp.sin(y))
            sol = nde.diffeqsolve(term, nde.Heun(), 0.0, 1.0, 1 / steps, y0, adjoint=adjoint, max_steps=steps + 1)
            return jnp.sum(sol.ys)

        return nde.memory(jax.grad(final), jnp.ones(300))

    back = nde.BacksolveAdjoint()
    assert bytes_of(10_000, back) == bytes_of(100, back)
    assert bytes_of(1000, nde.InterpolatedAdjoint()) > 5 * bytes_of(100, nde.InterpolatedAdjoint())


def test_float32_stays_float32() -> None:
    def final(rate: jax.Array, y0: jax.Array) -> jax.Array:
        term = nde.ODETerm(lambda t, y, args: -args * y)
        t0, t1 = jnp.float32(0.0), jnp.float32(1.0)
        return nde.diffeqsolve(term, nde.Heun(), t0, t1, 0.1, y0, args=rate, adjoint=nde.BacksolveAdjoint()).ys[0]

    found = jax.grad(final, argnums=(0, 1))(jnp.float32(1.0), jnp.float32(1.0))
    assert {x.dtype for x in found} == {jnp.dtype(jnp.float32)}


def solve(adjoint: Any, solver: Any = nde.Heun(), **options: Any) -> Any:
    term = options.pop("term", nde.ODETerm(lambda t, y, args: -args * y))

    def final(rate: jax.Array) -> jax.Array:
        given = {"dt0": 0.1, **options}
        sol = nde.diffeqsolve(term, solver, 0.0, 1.0, y0=1.0, args=rate, adjoint=adjoint, **given)
        return jnp.sum(sol.ys)

    return jax.grad(final)(1.0)


def test_what_it_is_not_for_is_refused() -> None:
    back = nde.BacksolveAdjoint()
    with pytest.raises(ValueError, match="values at the steps of the forward solve"):
        solve(back, saveat=nde.SaveAt(steps=True))
    with pytest.raises(ValueError, match="steps of its own"):
        solve(back, dt0=None, stepsize_controller=nde.StepTo(jnp.array([0.0, 0.5, 1.0])))
    unsized = nde.BacksolveAdjoint(stepsize_controller=nde.ConstantStepSize())
    with pytest.raises(ValueError, match="no step size"):
        solve(unsized, dt0=None, stepsize_controller=pid(1e-3))
    with pytest.raises(ValueError, match="estimates no error"):
        solve(nde.BacksolveAdjoint(stepsize_controller=pid(1e-3)), solver=nde.Euler())
    noise = nde.ControlTerm(lambda t, y, args: args * y, nde.BrownianMotion((), jax.random.key(0)))
    with pytest.raises(TypeError, match="VirtualBrownianTree"):
        solve(back, term=noise, stepsize_controller=pid(1e-3))
    unsafe = nde.ControlTerm(lambda t, y, args: args * y, nde.UnsafeBrownianPath((), jax.random.key(0)))
    with pytest.raises(TypeError, match="VirtualBrownianTree"):
        solve(back, term=unsafe)
    tree = nde.VirtualBrownianTree(0.0, 1.0, 1e-3, (), jax.random.key(0))
    along_tree = nde.ControlTerm(lambda t, y, args: args * y, tree)
    with pytest.raises(TypeError, match="which it is not for"):
        solve(nde.InterpolatedAdjoint(), term=along_tree)
    with pytest.raises(TypeError, match="for the controller of an adjoint"):
        nde.adjoint_rms_seminorm(jnp.ones(3))


def test_the_data_of_a_path_are_refused() -> None:
    def final(ys: jax.Array) -> jax.Array:
        path = nde.LinearInterpolation(jnp.array([0.0, 1.0]), ys)
        term = nde.ControlTerm(lambda t, y, args: y, path)
        return nde.diffeqsolve(term, nde.Heun(), 0.0, 1.0, 0.1, 1.0, adjoint=nde.BacksolveAdjoint()).ys[0]

    with pytest.raises(TypeError, match="the data of a path"):
        jax.grad(final)(jnp.array([0.0, 1.0]))
