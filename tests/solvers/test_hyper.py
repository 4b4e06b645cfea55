"""Hypersolvers: a method with a network beside its stages."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from tests.laws.compiling import quick_jit
from tests.laws.correction import fixed_correction

TERM = nde.ODETerm(lambda t, y, args: jnp.stack([y[1], -jnp.sin(y[0]) + t]))
Y0 = (0.4, -0.3)


def zero(t: Any, y: Any, args: Any, h: Any, stages: Any) -> Any:
    return jax.tree.map(jnp.zeros_like, y)


def solve(solver: Any, y0: Any = Y0, steps: int = 8, **options: Any) -> nde.Solution:
    return nde.diffeqsolve(TERM, solver, 0.0, 1.0, 1.0 / steps, jnp.asarray(y0), max_steps=16, **options)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("base", [nde.Euler(), nde.Midpoint(), nde.Bosh3()], ids=lambda s: type(s).__name__)
def test_without_a_correction_it_is_the_method(base: nde.ExplicitRungeKutta) -> None:
    hyper = nde.Hyper(base, zero)
    assert hyper.order() == base.order()
    np.testing.assert_allclose(solve(hyper).ys, solve(base).ys, rtol=1e-14)


@pytest.mark.usefixtures("x64")
def test_a_solve_by_hand() -> None:
    """Time, state, arguments, step size and both slopes, in the network and in NumPy."""

    def network(t: Any, y: Any, args: Any, h: Any, stages: Any) -> Any:
        first, second = stages
        return args * jnp.sin(first + t) + h * y * second

    term, args, h = nde.ODETerm(lambda t, y, args: t - args * y**2), 0.7, 0.25
    ts, ys = [0.2], [np.array([0.5, 0.9])]
    for _ in range(4):
        t, y = ts[-1], ys[-1]
        first = t - args * y**2
        second = t + h - args * (y + h * first) ** 2
        correction = args * np.sin(first + t) + h * y * second
        ys.append(y + h / 2 * (first + second) + h**3 * correction)
        ts.append(t + h)
    subs = [nde.SubSaveAt(t0=True, steps=True), nde.SubSaveAt(ts=jnp.asarray([0.3, 0.95]))]
    sol = nde.diffeqsolve(
        term, nde.HyperHeun(network), 0.2, 1.2, h, jnp.asarray(ys[0]), args, saveat=nde.SaveAt(subs=subs), max_steps=4
    )
    np.testing.assert_allclose(sol.ys[0], np.stack(ys), rtol=1e-13)
    inside = [hermite(0.4, h, *ends(0, ts, ys, args)), hermite(0.0, h, *ends(3, ts, ys, args))]
    np.testing.assert_allclose(sol.ys[1], np.stack(inside), rtol=1e-13)


def ends(step: int, ts: list[float], ys: list[Any], args: float) -> tuple[Any, ...]:
    """States and slopes at both ends of a step."""
    y0, y1 = ys[step], ys[step + 1]
    return y0, ts[step] - args * y0**2, y1, ts[step + 1] - args * y1**2


def hermite(x: float, h: float, y0: Any, k0: Any, y1: Any, k1: Any) -> Any:
    """Cubic Hermite interpolation in the textbook's basis."""
    return (
        (2 * x**3 - 3 * x**2 + 1) * y0
        + h * (x**3 - 2 * x**2 + x) * k0
        + (3 * x**2 - 2 * x**3) * y1
        + h * (x**3 - x**2) * k1
    )


GRADIENTS = {
    "default": nde.RecursiveCheckpointAdjoint(),
    "few checkpoints": nde.RecursiveCheckpointAdjoint(checkpoints=2),
    "direct": nde.DirectAdjoint(),
    "forward": nde.ForwardMode(),
}


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("adjoint", GRADIENTS.values(), ids=GRADIENTS)
def test_gradients_to_the_network_equal_differences(adjoint: Any) -> None:
    network = fixed_correction()

    def loss(last: jax.Array) -> jax.Array:
        hyper = nde.HyperHeun(eqx.tree_at(lambda n: n.last, network, last))
        saveat = nde.SaveAt(ts=jnp.asarray([0.31, 0.8]), t1=True)
        return jnp.sum(jnp.sin(3 * solve(hyper, saveat=saveat, adjoint=adjoint).ys))

    derivative = jax.jacfwd if isinstance(adjoint, nde.ForwardMode) else jax.grad
    direction, value = jnp.asarray([1.0, -2.0, 0.5, 0.3]), quick_jit(loss)
    along = [float(value(network.last + sign * 1e-5 * direction)) for sign in (1, -1)]
    gradient = quick_jit(derivative(loss))(network.last)
    np.testing.assert_allclose(gradient @ direction, (along[0] - along[1]) / 2e-5, rtol=1e-7)


@pytest.mark.usefixtures("x64")
def test_gradient_of_a_batch_to_a_captured_array() -> None:
    """The lanes share an array that a plain function captured."""
    starts = jnp.asarray([[0.1, 0.2], [0.9, -0.4], [-0.5, 0.3]])

    def loss(weight: jax.Array, y0: jax.Array) -> jax.Array:
        hyper = nde.HyperEuler(lambda t, y, args, h, stages: weight * jnp.tanh(stages[0]))
        return jnp.sum(solve(hyper, y0).ys ** 2)

    weight = jnp.asarray([0.3, -0.2])
    together = quick_jit(jax.grad(lambda w: jnp.sum(jax.vmap(lambda y: loss(w, y))(starts))))(weight)
    one = quick_jit(jax.grad(loss))
    np.testing.assert_allclose(together, sum(one(weight, y0) for y0 in starts), rtol=1e-10)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("adjoint", [nde.BacksolveAdjoint, nde.InterpolatedAdjoint])
def test_the_adjoint_equation_is_solved_by_the_method(adjoint: Any) -> None:
    """The network of a fine solve changes little, so that the exact gradient is near."""
    hyper = nde.HyperHeun(fixed_correction())

    def end(y0: jax.Array, adjoint: Any) -> jax.Array:
        sol = nde.diffeqsolve(TERM, hyper, 0.0, 1.0, 1 / 256, y0, adjoint=adjoint, max_steps=300)
        return jnp.sum(sol.ys**2)

    ours, exact = (
        quick_jit(jax.grad(lambda y0, a=a: end(y0, a)))(jnp.asarray(Y0)) for a in (adjoint(), GRADIENTS["default"])
    )
    np.testing.assert_allclose(ours, exact, rtol=1e-3)


def test_the_adjoint_equation_has_no_derivative_to_the_network() -> None:
    def loss(last: jax.Array) -> jax.Array:
        hyper = nde.HyperHeun(eqx.tree_at(lambda n: n.last, fixed_correction(), last))
        return jnp.sum(solve(hyper, adjoint=nde.BacksolveAdjoint()).ys)

    with pytest.raises(TypeError, match="arrays of a solver"):
        jax.grad(loss)(fixed_correction().last)


def test_a_controlled_equation() -> None:
    """Along a line, a CDE is the ODE of its slope, with and without a correction."""
    path = nde.LinearInterpolation(jnp.asarray([0.0, 1.0]), jnp.asarray([[0.0, 0.0], [2.0, 1.0]]))
    matrix = jnp.asarray([[0.3, -1.0], [0.5, 0.2]])
    cde = nde.ControlTerm(lambda t, y, args: jnp.sin(y)[:, None] * matrix, path).to_ode()
    ode = nde.ODETerm(lambda t, y, args: jnp.sin(y) * (matrix @ jnp.asarray([2.0, 1.0])))
    ours, plain = (
        nde.diffeqsolve(term, nde.HyperHeun(fixed_correction()), 0.0, 1.0, 0.25, jnp.asarray(Y0)).ys
        for term in (cde, ode)
    )
    np.testing.assert_allclose(ours, plain, rtol=1e-5)


def ones(t: Any, y: Any, args: Any, h: Any, stages: Any) -> Any:
    return jnp.ones_like(y)


def test_other_step_sizes_are_without_correction_and_warned_of() -> None:
    fitted = nde.HyperHeun(ones, steps=(0.125, 0.25))
    corrected = solve(nde.HyperHeun(ones)).ys
    np.testing.assert_array_equal(solve(fitted).ys, corrected)
    with pytest.warns(UserWarning, match=r"from 0\.1249 to 0\.2502; got steps of 0\.5"):
        unfitted = solve(fitted, steps=2).ys
    np.testing.assert_array_equal(unfitted, solve(nde.Heun(), steps=2).ys)
    with pytest.warns(UserWarning, match="got steps of 0.1, "):
        nde.diffeqsolve(TERM, fitted, 0.0, 0.6, 0.25, jnp.asarray(Y0))
    steps = nde.StepTo(jnp.asarray([0.0, 0.2, 0.5]))
    with pytest.warns(UserWarning, match="got steps of 0.3"):
        nde.diffeqsolve(TERM, fitted, 0.0, 0.5, None, jnp.asarray(Y0), stepsize_controller=steps)
    with pytest.warns(UserWarning, match="got steps of -0.25"):
        nde.diffeqsolve(TERM, fitted, 1.0, 0.0, -0.25, jnp.asarray(Y0))
    nde.diffeqsolve(TERM, nde.HyperHeun(ones, steps=(-0.25, -0.1)), 1.0, 0.0, -0.25, jnp.asarray(Y0))


def test_a_network_that_overflows_elsewhere_does_not_matter() -> None:
    """The network is not evaluated at a step size that it does not know: no gradient is lost either."""

    def network(t: Any, y: Any, args: Any, h: Any, stages: Any) -> Any:
        return y * jnp.exp(jnp.where(h > 0.3, jnp.inf, h))

    def end(dt0: Any) -> Any:
        return jax.grad(
            lambda y: jnp.sum(nde.diffeqsolve(TERM, nde.HyperHeun(network, (0.1, 0.25)), 0.0, 1.0, dt0, y).ys)
        )

    assert np.isfinite(quick_jit(lambda dt0: end(dt0)(jnp.asarray(Y0)))(0.5)).all()


@pytest.mark.usefixtures("x64")
@pytest.mark.filterwarnings("default:Complex dtype support")
def test_the_usual_network_takes_any_state() -> None:
    """Of complex numbers and several precisions, against its formula."""
    y = {"a": jnp.asarray([0.1 + 0.2j, 0.3j]), "b": (jnp.asarray(0.5, jnp.float32),)}
    slopes = jax.tree.map(lambda x: 2 * x, y)
    network = nde.nn.CorrectionMLP(y, stages=1, width=5, depth=1, key=jax.random.key(0))
    network = eqx.tree_at(lambda n: (n.center, n.spread, n.scale), network, (0.1, 2.0, jnp.arange(1.0, 6.0)))
    out = network(jnp.asarray(0.3), y, None, jnp.asarray(0.25), (slopes,))
    state = np.array([0.1, 0.0, 0.2, 0.3, 0.5])
    inputs = (np.concatenate([[0.3, 0.25], state, 2 * state]) - 0.1) / 2
    first, last = network.network.layers
    hidden = first.weight @ inputs + first.bias
    expected = np.arange(1.0, 6.0) * np.asarray(last.weight @ (hidden / (1 + jnp.exp(-hidden))) + last.bias)
    np.testing.assert_allclose(out["a"], expected[:2] + 1j * expected[2:4], rtol=1e-6)
    np.testing.assert_allclose(out["b"][0], expected[4], rtol=1e-6)
    assert [leaf.dtype for leaf in jax.tree.leaves(out)] == [jnp.complex128, jnp.float32]


def test_misuse() -> None:
    with pytest.raises(TypeError, match="explicit Runge-Kutta method"):
        nde.Hyper(nde.ReversibleHeun(), zero)
    with pytest.raises(TypeError, match="network"):
        nde.HyperHeun(None)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="both positive"):
        nde.HyperHeun(zero, steps=(-0.1, 0.1))
    with pytest.raises(ValueError, match=r"network of `HyperHeun` returned an array of shape \(3,\)"):
        solve(nde.HyperHeun(lambda t, y, args, h, stages: jnp.ones(3)))
    with pytest.raises(ValueError, match="estimates no error"):
        solve(nde.HyperHeun(zero), stepsize_controller=nde.PIDController(rtol=1e-3, atol=1e-3))
    small = nde.nn.CorrectionMLP(jnp.ones(3), stages=2, key=jax.random.key(0))
    with pytest.raises(ValueError, match="made for 2 slopes of 3 numbers; got 2 of 2"):
        solve(nde.HyperHeun(small))
    noise = nde.ControlTerm(lambda t, y, args: 0.1 * y, nde.BrownianMotion((2,), jax.random.key(0)))
    with pytest.raises(TypeError, match="got noise"):
        nde.diffeqsolve(nde.MultiTerm(TERM, noise), nde.HyperHeun(zero), 0.0, 1.0, 0.1, jnp.asarray(Y0))
    with pytest.raises(TypeError, match="not for stochastic"):
        nde.HyperHeun(zero).strong_order()
