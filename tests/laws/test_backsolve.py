"""Continuous adjoints: as near to the default's gradient as the tolerances of both solves are small."""

import functools
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


@functools.cache
def gradient(form: str, adjoint: Any, tolerance: float = 1e-9) -> np.ndarray:
    """To all inputs, times and a captured parameter among them."""
    saveat, read = SAVE_FORMS[form]

    def loss(flat: jax.Array) -> jax.Array:
        p = inputs_of(flat)
        sol = nde.diffeqsolve(
            nde.ODETerm(lambda t, y, args: spinning_logistic(t, y, (args, p["spin"]))),
            nde.Tsit5(),
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


def every_form() -> list[object]:
    """All forms of saving; some are slow."""
    quick = ("fn", "dense")
    return [pytest.param(form, marks=() if form in quick else pytest.mark.slow) for form in SAVE_FORMS]


@pytest.mark.parametrize("adjoint", CONTINUOUS)
@pytest.mark.parametrize("form", every_form())
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


@functools.cache
def driven(case: str, adjoint: Any) -> np.ndarray:
    """A neural CDE along interpolated data, to its weights, its first state and the data."""
    path, controller, dt0, solver, _ = DRIVEN[case]
    ts = jnp.linspace(0.0, 1.0, 6)

    def loss(weights: jax.Array, y0: jax.Array, xs: jax.Array) -> jax.Array:
        smooth = nde.CubicInterpolation(ts, nde.backward_hermite_coefficients(ts, xs))
        along = smooth if path == "smooth" else nde.LinearInterpolation(ts, xs)
        term = nde.ControlTerm(lambda t, y, args: jnp.tanh(jnp.einsum("ijk,j->ik", weights, y)), along)
        sol = nde.diffeqsolve(
            term if path == "increments" else term.to_ode(),
            solver,
            0.0,
            1.0,
            dt0,
            y0,
            saveat=nde.SaveAt(ts=jnp.array([0.2, 0.8]), t1=True),
            stepsize_controller=controller(),
            adjoint=adjoint,
        )
        return jnp.sum(sol.ys**2)

    weights = jnp.cos(jnp.arange(18.0)).reshape(3, 3, 2)
    xs = jnp.stack([ts, jnp.sin(5 * ts)], axis=-1)
    gradient = quick_jit(jax.grad(loss, argnums=(0, 1, 2)))(weights, jnp.ones(3), xs)
    return np.asarray(ravel_pytree(gradient)[0])


def grid() -> nde.StepTo:
    return nde.StepTo(jnp.linspace(0.0, 1.0, 41))


HALVED = nde.HalfSolver(nde.Midpoint())
DRIVEN = {
    "smooth": ("smooth", lambda: pid(1e-8), None, nde.Tsit5(), 1e-5),
    "kinked": ("kinked", lambda: pid(1e-8), None, nde.Tsit5(), 1e-5),
    "on_a_grid": ("kinked", grid, None, nde.Tsit5(), 1e-6),
    "increments": ("increments", nde.ConstantStepSize, 0.01, nde.Heun(), 1e-4),
    "halves": ("smooth", lambda: pid(1e-6), None, HALVED, 1e-3),
    "turned": ("smooth", nde.ConstantStepSize, 0.02, nde.Reversible(nde.Bosh3()), 1e-3),
}
QUICK = {
    nde.BacksolveAdjoint: ("kinked", "on_a_grid", "increments"),
    nde.InterpolatedAdjoint: ("smooth", "on_a_grid"),
}


@pytest.mark.parametrize(
    ("case", "adjoint"),
    [
        pytest.param(case, adjoint, marks=() if case in QUICK[adjoint] else pytest.mark.slow)
        for case in DRIVEN
        for adjoint in CONTINUOUS
    ],
)
def test_a_controlled_equation(case: str, adjoint: Any) -> None:
    """To the data, too; adaptive steps back end at the kinks, and those on a grid on the grid."""
    error, expected = DRIVEN[case][-1], driven(case, DEFAULT)
    np.testing.assert_allclose(driven(case, adjoint()), expected, atol=error * np.abs(expected).max())


def evaluations(norm: Any) -> int:
    """Of the vector field, on the way forward and back, where the cotangents of parameters are the hardest part."""
    calls: list[float] = []
    ts = jnp.linspace(0.0, 1.0, 6)
    path = nde.CubicInterpolation(ts, nde.backward_hermite_coefficients(ts, jnp.sin(9 * ts)[:, None]))
    controller = nde.PIDController(rtol=1e-3, atol=1e-6, norm=norm)
    adjoint = nde.BacksolveAdjoint(stepsize_controller=controller)

    @jax.grad
    def gradient(weights: jax.Array) -> jax.Array:
        def field(t: Any, y: jax.Array, args: Any) -> jax.Array:
            jax.debug.callback(lambda t: calls.append(float(t)), t)
            return jnp.tanh(weights @ y)[:, None]

        term = nde.ControlTerm(field, path).to_ode()
        steps = nde.PIDController(rtol=1e-3, atol=1e-6)
        sol = nde.diffeqsolve(
            term, nde.Dopri5(), 0.0, 1.0, None, jnp.ones(8), stepsize_controller=steps, adjoint=adjoint
        )
        return jnp.sum(sol.ys**2)

    weights = 4 * jax.random.normal(jax.random.key(0), (8, 8))
    jax.block_until_ready(quick_jit(gradient)(weights))
    jax.effects_barrier()
    return len(calls)


def test_the_seminorm_takes_fewer_evaluations() -> None:
    def each(error: Any) -> jax.Array:
        return jnp.max(jnp.stack([nde.rms_norm(leaf) for leaf in jax.tree.leaves(error)]))

    assert evaluations(nde.adjoint_rms_seminorm) < evaluations(each)


def test_the_derivative_to_the_time_of_a_jump() -> None:
    """The state grows as `exp(t)` up to the jump and decays behind it; nothing else depends on that time."""

    def final(jump: jax.Array, adjoint: Any) -> jax.Array:
        term = nde.ODETerm(lambda t, y, args: jnp.where(t < args, y, -y))
        controller = nde.ClipStepSizeController(pid(1e-8), step_ts=jump[None] / 2, jump_ts=jump[None])
        options = {"stepsize_controller": controller, "adjoint": adjoint}
        return nde.diffeqsolve(term, nde.Tsit5(), 0.0, 1.0, None, 1.0, args=jax.lax.stop_gradient(jump), **options).ys[
            0
        ]

    for adjoint in CONTINUOUS:
        found = quick_jit(jax.grad(lambda jump, a=adjoint(): final(jump, a)))(jnp.asarray(0.4))
        np.testing.assert_allclose(found, 2 * np.exp(2 * 0.4 - 1), rtol=1e-6)


@pytest.mark.parametrize("form", ["steps", "dense"])
def test_lanes_that_take_different_steps(form: str) -> None:
    saveat = nde.SaveAt(steps=True) if form == "steps" else nde.SaveAt(dense=True)

    def loss(rate: jax.Array, adjoint: Any) -> jax.Array:
        term = nde.ODETerm(lambda t, y, args: -rate * jnp.sin(y))
        options = {"saveat": saveat, "stepsize_controller": pid(1e-8), "adjoint": adjoint, "max_steps": 64}
        sol = nde.diffeqsolve(term, nde.Tsit5(), 0.0, 1.0, None, jnp.ones(2), **options)
        if form == "dense":
            return jnp.sum(sol.evaluate(0.3))
        return jnp.sum(jnp.where(jnp.isfinite(sol.ys), sol.ys, 0) ** 2)

    def gradients(adjoint: Any) -> jax.Array:
        return quick_jit(jax.vmap(jax.grad(lambda rate: loss(rate, adjoint))))(jnp.array([0.1, 1.0, 9.0]))

    np.testing.assert_allclose(gradients(nde.BacksolveAdjoint()), gradients(DEFAULT), rtol=1e-5)


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


@pytest.mark.slow
@pytest.mark.parametrize("form", ["steps", "dense"])
def test_values_at_the_steps_along_noise(form: str) -> None:
    tree = nde.VirtualBrownianTree(0.0, 1.0, 1e-3, (), jax.random.key(3))

    def loss(scale: jax.Array, adjoint: Any, steps: int) -> jax.Array:
        noise = nde.ControlTerm(lambda t, y, args: scale * jnp.cos(y), tree)
        terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: -y), noise)
        saveat = nde.SaveAt(dense=True) if form == "dense" else nde.SaveAt(steps=steps // 8)
        options = {"saveat": saveat, "adjoint": adjoint, "max_steps": steps}
        sol = nde.diffeqsolve(terms, nde.Heun(), 0.0, 1.0, 1 / steps, 0.5, **options)
        return sol.evaluate(0.37) if form == "dense" else jnp.sum(sol.ys)

    def distance(steps: int) -> float:
        ours, expected = (
            quick_jit(jax.grad(lambda s, a=a: loss(s, a, steps)))(0.7) for a in (nde.BacksolveAdjoint(), DEFAULT)
        )
        return float(jnp.abs(ours - expected))

    near = distance(1024)
    assert near < 1e-3
    assert near < 0.5 * distance(64)


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


def lotka_volterra(t: Any, y: jax.Array, args: jax.Array) -> jax.Array:
    prey, predators = y
    return jnp.stack([prey * (args[0] - args[1] * predators), predators * (args[2] * prey - args[3])])


def network(t: Any, y: jax.Array, args: jax.Array) -> jax.Array:
    hidden = jnp.tanh(jnp.append(y, t) @ args[:24].reshape(3, 8))
    return hidden @ args[24:].reshape(8, 2)


@pytest.mark.parametrize(("field", "size"), [(lotka_volterra, 4), (network, 40)])
@pytest.mark.parametrize("adjoint", CONTINUOUS)
def test_parameters_that_the_field_captures(field: Any, size: int, adjoint: Any) -> None:
    def loss(weights: jax.Array, y0: jax.Array, adjoint: Any) -> jax.Array:
        term = nde.ODETerm(lambda t, y, args: field(t, y, weights))
        saveat = nde.SaveAt(ts=jnp.linspace(0.0, 2.0, 5))
        options = {"saveat": saveat, "stepsize_controller": pid(1e-8), "adjoint": adjoint}
        return jnp.sum(jnp.sin(nde.diffeqsolve(term, nde.Tsit5(), 0.0, 2.0, None, y0, **options).ys))

    given = 1 + 0.3 * jnp.sin(jnp.arange(float(size))), jnp.array([1.5, 0.7])
    ours, expected = (
        ravel_pytree(quick_jit(jax.grad(lambda w, y, a=a: loss(w, y, a), argnums=(0, 1)))(*given))[0]
        for a in (adjoint(), DEFAULT)
    )
    np.testing.assert_allclose(ours, expected, atol=1e-5 * jnp.abs(expected).max())


def test_the_end_that_an_event_chose() -> None:
    """It moves with the start of the solve, as a step that was chosen."""

    def loss(p: jax.Array, adjoint: Any) -> jax.Array:
        term = nde.ODETerm(lambda t, y, args: -args * (1 + 0.5 * jnp.sin(t)) * y)
        options = {"stepsize_controller": pid(1e-9), "adjoint": adjoint, "event": nde.steady_state(1e-2, 1e-2)}
        return nde.diffeqsolve(term, nde.Tsit5(), p[0], 50.0, None, p[1], args=p[2], **options).ys[0]

    given = jnp.array([0.1, 1.0, 1.3])
    ours, expected = (quick_jit(jax.grad(lambda p, a=a: loss(p, a)))(given) for a in (nde.BacksolveAdjoint(), DEFAULT))
    np.testing.assert_allclose(ours, expected, atol=1e-8)


def test_memory_does_not_grow_with_the_steps() -> None:
    def bytes_of(steps: int, adjoint: Any) -> int:
        def final(y0: jax.Array) -> jax.Array:
            term = nde.ODETerm(lambda t, y, args: jnp.sin(y))
            sol = nde.diffeqsolve(term, nde.Heun(), 0.0, 1.0, 1 / steps, y0, adjoint=adjoint, max_steps=steps + 1)
            return jnp.sum(sol.ys)

        return nde.compiled_memory(jax.grad(final), jnp.ones(300))

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


def test_the_times_of_kinked_data_are_refused() -> None:
    def final(ts: jax.Array) -> jax.Array:
        path = nde.LinearInterpolation(ts, jnp.array([0.0, 1.0, 0.0]))
        term = nde.ControlTerm(lambda t, y, args: y, path)
        return nde.diffeqsolve(term, nde.Heun(), 0.0, 1.0, 0.1, 1.0, adjoint=nde.BacksolveAdjoint()).ys[0]

    with pytest.raises(TypeError, match="a path with kinks"):
        jax.grad(final)(jnp.array([0.0, 0.5, 1.0]))


@pytest.mark.parametrize("adjoint", CONTINUOUS)
def test_reverse_over_reverse_is_refused(adjoint: Any) -> None:
    def final(y0: jax.Array) -> jax.Array:
        term = nde.ODETerm(lambda t, y, args: -(y**2))
        return nde.diffeqsolve(term, nde.Heun(), 0.0, 1.0, 0.1, y0, adjoint=adjoint()).ys[0]

    with pytest.raises(RuntimeError, match="forward over reverse"):
        jax.grad(jax.grad(final))(1.0)


@pytest.mark.parametrize("adjoint", [nde.BacksolveAdjoint(), nde.InterpolatedAdjoint()], ids=["back", "interpolated"])
def test_a_lane_that_failed_leaves_the_others_alone(adjoint) -> None:
    """`y = 1 / (1 / y0 - k t)`, whose last lane blows up; no derivative of it is asked for."""

    def end(y0, k):
        return nde.diffeqsolve(
            nde.ODETerm(lambda t, y, k: k * y**2),
            nde.Tsit5(),
            0.0,
            1.0,
            None,
            y0,
            k,
            stepsize_controller=nde.PIDController(rtol=1e-6, atol=1e-8),
            adjoint=adjoint,
            max_steps=100,
            throw=False,
        ).ys[0]

    ks = jnp.asarray([0.1, 0.2, 30.0])
    found = jax.grad(lambda y0: jnp.sum(jax.vmap(lambda k: end(y0, k))(ks)[:2]))(jnp.asarray(1.0))
    np.testing.assert_allclose(found, np.sum((1 - np.asarray(ks[:2])) ** -2), rtol=1e-4)
