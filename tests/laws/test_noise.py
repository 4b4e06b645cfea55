"""Solves with noise: gradients, lanes, adaptive steps, terms of every layout."""

from typing import Any

import jax
import jax.numpy as jnp
import lineax as lx
import numpy as np
import pytest

import nde
from nde.solvers.registry import STOCHASTIC
from tests.laws.compiling import quick_jit

pytestmark = pytest.mark.usefixtures("x64")

KEY = jax.random.key(4)
ADDITIVE = ("SEA", "SRA1", "ShARK")
ADAPTIVE = tuple(name for name, make in STOCHASTIC.items() if make().adaptive)
PID = nde.PIDController(rtol=1e-2, atol=1e-2, pcoeff=0.2, icoeff=0.4)
STEPS: dict[str, tuple[float | None, Any]] = {
    "constant": (0.125, nde.ConstantStepSize()),
    "to": (None, nde.StepTo(ts=jnp.asarray([0.0, 0.1, 0.35, 0.6, 1.0]))),
    "adaptive": (0.3, PID),
}


def terms_of(solver: str, key: jax.Array, spin: Any = 0.7) -> nde.MultiTerm:
    """Diagonal noise in the plane; `spin` is captured."""
    motion = nde.BrownianMotion((2,), key, levy_area=nde.SpaceTimeLevyArea)
    drift = nde.ODETerm(lambda t, y, args: jnp.stack([spin * y[1], -jnp.sin(y[0])]) - args * y)

    def diffusion(t: Any, y: Any, args: Any) -> Any:
        size = jnp.ones(2) if solver in ADDITIVE else jnp.cos(y) + 1.5
        return 0.4 * args * (1 + 0.5 * t) * size

    return nde.MultiTerm(drift, nde.ControlTerm(diffusion, motion))


def solve(solver: str, steps: str, flat: Any, key: jax.Array = KEY, **options: Any) -> nde.Solution:
    dt0, controller = STEPS[steps]
    return nde.diffeqsolve(
        terms_of(solver, key, flat[3]),
        STOCHASTIC[solver](),
        0.0,
        1.0,
        dt0,
        flat[:2],
        args=flat[2],
        stepsize_controller=controller,
        **{"saveat": nde.SaveAt(ts=jnp.asarray([0.3, 0.77]), t1=True), "max_steps": 96, **options},
    )


def loss(flat: Any, solver: str, steps: str, adjoint: Any = nde.RecursiveCheckpointAdjoint()) -> jax.Array:
    ys = solve(solver, steps, flat, adjoint=adjoint).ys
    return jnp.vdot(jnp.cos(jnp.arange(6.0)), ys.ravel())


def inputs() -> jax.Array:
    """The state, `args`, and what is captured."""
    return jnp.asarray([0.4, -0.2, 0.8, 0.7])


def gradient(solver: str, steps: str, adjoint: Any) -> np.ndarray:
    derivative = jax.jacfwd if isinstance(adjoint, nde.ForwardMode) else jax.grad
    return np.asarray(quick_jit(derivative(lambda flat: loss(flat, solver, steps, adjoint)))(inputs()))


@pytest.mark.parametrize("solver", STOCHASTIC)
def test_gradient_draws_the_same_noise_again(solver: str) -> None:
    """Reverse mode beside central differences of the solve with the same key."""
    eps = 1e-6
    value = quick_jit(jax.vmap(lambda flat: loss(flat, solver, "constant")))
    moves = eps * jnp.eye(4)
    differences = (value(inputs()[None] + moves) - value(inputs()[None] - moves)) / (2 * eps)
    np.testing.assert_allclose(gradient(solver, "constant", nde.RecursiveCheckpointAdjoint()), differences, rtol=1e-6)


@pytest.mark.parametrize(
    ("solver", "steps"),
    [
        ("Heun", "to"),
        ("Heun", "adaptive"),
        ("SPaRK", "adaptive"),
        ("ShARK", "adaptive"),
        ("ReversibleHeun", "adaptive"),
    ],
)
def test_methods_of_differentiation_agree(solver: str, steps: str) -> None:
    forward = gradient(solver, steps, nde.ForwardMode())
    adjoints = [nde.RecursiveCheckpointAdjoint(), nde.RecursiveCheckpointAdjoint(checkpoints=2), nde.DirectAdjoint()]
    for adjoint in adjoints:
        np.testing.assert_allclose(gradient(solver, steps, adjoint), forward, rtol=1e-9)


@pytest.mark.parametrize("adjoint", [nde.RecursiveCheckpointAdjoint(), nde.DirectAdjoint(), nde.ForwardMode()])
def test_times_have_no_derivative(adjoint: Any) -> None:
    def end(t1: Any) -> Any:
        terms = terms_of("Heun", KEY)
        y0 = jnp.ones(2)
        return nde.diffeqsolve(terms, nde.Heun(), 0.0, t1, 0.1, y0, 0.5, adjoint=adjoint, max_steps=16).ys[0, 0]

    derivative = jax.jacfwd if isinstance(adjoint, nde.ForwardMode) else jax.grad
    with pytest.raises(RuntimeError, match="no derivative in time"):
        derivative(end)(1.0)


@pytest.mark.parametrize(
    ("solver", "steps"), [("Heun", "constant"), ("SPaRK", "adaptive"), ("ReversibleHeun", "adaptive")]
)
def test_lanes_equal_a_loop(solver: str, steps: str) -> None:
    """Each with a key and a start of its own, values and gradients."""
    keys = jax.random.split(KEY, 4)
    starts = inputs()[None] + 0.5 * jax.random.normal(KEY, (4, 4))

    def lane(flat: jax.Array, key: jax.Array) -> Any:
        sol = solve(solver, steps, flat, key)
        slope = jax.grad(lambda flat: solve(solver, steps, flat, key).ys[-1].sum())(flat)
        return sol.ys, sol.stats["num_steps"], slope

    together, alone = quick_jit(jax.vmap(lane))(starts, keys), quick_jit(lane)
    for i in range(4):
        ys, steps_taken, slope = alone(starts[i], keys[i])
        assert together[1][i] == steps_taken
        np.testing.assert_allclose(together[0][i], ys, rtol=1e-8)
        np.testing.assert_allclose(together[2][i], slope, rtol=1e-7)


@pytest.mark.parametrize("solver", ADAPTIVE)
def test_adaptive_steps_reach_the_law_of_the_solution(solver: str) -> None:
    """Mean and variance of an Ornstein-Uhlenbeck process after many adaptive solves with rejected steps."""
    paths = 4000

    def end(key: jax.Array) -> Any:
        motion = nde.BrownianMotion((), key, levy_area=nde.SpaceTimeLevyArea)
        noise = nde.ControlTerm(lambda t, y, args: jnp.asarray(0.8), motion)
        terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: -3 * y), noise)
        controller = nde.PIDController(rtol=2e-2, atol=2e-2)
        sol = nde.diffeqsolve(
            terms, STOCHASTIC[solver](), 0.0, 1.0, None, 2.0, stepsize_controller=controller, max_steps=512
        )
        return sol.ys[0], sol.stats["num_rejected_steps"]

    ys, rejected = quick_jit(jax.vmap(end))(jax.random.split(KEY, paths))
    variance = 0.8**2 / 6 * (1 - np.exp(-6))
    assert np.mean(rejected) > 0.5
    np.testing.assert_allclose(np.mean(ys), 2 * np.exp(-3), atol=4 * np.sqrt(variance / paths) + 0.005)
    np.testing.assert_allclose(np.var(ys), variance, rtol=4 * np.sqrt(2 / paths) + 0.02)


def test_layouts_of_noise_agree() -> None:
    """A diagonal as a vector, a matrix and an operator; and a state in pieces."""
    size = jnp.asarray([0.3, 0.6])

    def end(diffusion: Any, y0: Any, shape: Any) -> Any:
        noise = nde.ControlTerm(diffusion, nde.VirtualBrownianTree(0.0, 1.0, 1e-3, shape, KEY))
        terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: jax.tree.map(jnp.negative, y)), noise)
        return nde.diffeqsolve(terms, nde.Heun(), 0.0, 1.0, 0.1, y0, max_steps=16).ys

    y0 = jnp.asarray([1.0, 2.0])
    vector = end(lambda t, y, args: size * y, y0, (2,))
    np.testing.assert_allclose(end(lambda t, y, args: jnp.diag(size * y), y0, (2,)), vector, rtol=1e-12)
    operator = end(lambda t, y, args: lx.DiagonalLinearOperator(size * y), y0, (2,))
    np.testing.assert_allclose(operator, vector, rtol=1e-12)
    pieces = end(
        lambda t, y, args: {"a": jnp.stack([size[0] * y["a"], 0.0]), "b": jnp.stack([0.0, size[1] * y["b"]])},
        {"a": y0[0], "b": y0[1]},
        (2,),
    )
    np.testing.assert_allclose(jnp.stack([pieces["a"], pieces["b"]], -1), vector, rtol=1e-12)


def test_a_diffusion_may_be_a_number() -> None:
    path = nde.VirtualBrownianTree(0.0, 1.0, 1e-3, (), KEY)
    terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: 0.0 * y), nde.ControlTerm(lambda t, y, args: 2, path))
    sol = nde.diffeqsolve(terms, nde.Euler(), 0.0, 1.0, 0.25, 1.0, saveat=nde.SaveAt(dense=True), max_steps=8)
    np.testing.assert_allclose(sol.evaluate(0.5), 1 + 2 * path.evaluate(0.0, 0.5), rtol=1e-12)
    middle = 1 + path.evaluate(0.0, 0.5) + path.evaluate(0.0, 0.75)
    np.testing.assert_allclose(sol.evaluate(0.625), middle, rtol=1e-12)


def test_noise_that_commutes_is_told_from_noise_that_does_not() -> None:
    motion = nde.BrownianMotion((2,), KEY)
    drift = nde.ODETerm(lambda t, y, args: -y)
    turn, stretch = jnp.asarray([[0.0, 1.0], [-1.0, 0.0]]), jnp.asarray([[1.0, 0.0], [0.0, -1.0]])
    y = jnp.asarray([0.4, 0.9])

    def commutes(diffusion: Any) -> bool:
        return nde.check_commutative(nde.MultiTerm(drift, nde.ControlTerm(diffusion, motion)), 0.0, y)

    assert commutes(lambda t, y, args: jnp.sin(y))
    assert commutes(lambda t, y, args: jnp.stack([turn @ y, 2 * y], -1))
    assert not commutes(lambda t, y, args: jnp.stack([turn @ y, stretch @ y], -1))


def scalar_terms(motion: nde.AbstractBrownianPath, diffusion: Any = lambda t, y, args: 0.1 * y) -> nde.MultiTerm:
    return nde.MultiTerm(nde.ODETerm(lambda t, y, args: -y), nde.ControlTerm(diffusion, motion))


PLAIN, WITH_AREA = nde.BrownianMotion((), KEY), nde.BrownianMotion((), KEY, levy_area=nde.SpaceTimeLevyArea)
MISUSE = {
    "no area": (scalar_terms(PLAIN), nde.SPaRK(), TypeError, "levy_area=nde.SpaceTimeLevyArea"),
    "not additive": (scalar_terms(WITH_AREA), nde.ShARK(), TypeError, "additive noise"),
    "no drift": (nde.ControlTerm(lambda t, y, args: y, PLAIN), nde.EulerHeun(), TypeError, "got `ControlTerm`"),
    "wrong order": (nde.MultiTerm(*scalar_terms(PLAIN).terms[::-1]), nde.EulerHeun(), TypeError, "in this order"),
    "wrong shape": (scalar_terms(PLAIN, lambda t, y, args: jnp.ones(3)), nde.Heun(), ValueError, r"shape \(3,\)"),
}


@pytest.mark.parametrize(("terms", "solver", "error", "message"), MISUSE.values(), ids=MISUSE)
def test_misuse(terms: Any, solver: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        nde.diffeqsolve(terms, solver, 0.0, 1.0, 0.1, 1.0)


def test_milstein_warns_of_noise_that_may_not_commute() -> None:
    motion = nde.BrownianMotion((2,), KEY)
    terms = scalar_terms(motion, lambda t, y, args: jnp.stack([y, 2 * y]))
    with pytest.warns(UserWarning, match="check_commutative"):
        nde.diffeqsolve(terms, nde.StratonovichMilstein(), 0.0, 1.0, 0.1, 1.0)
