"""Steps that are inverted, and gradients that keep no states."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from nde.solvers import StepStart
from nde.solvers.registry import REGISTRY, STOCHASTIC
from tests.laws.compiling import quick_jit
from tests.laws.gradient_cells import DEFAULT, assert_gradients_close, flat_inputs, gradient, loss
from tests.laws.methods import CONTROLLERS, SAVE_FORMS, pairwise, works_with
from tests.laws.problems import SPIN_ARGS, SPIN_Y0, lorenz, spinning_logistic

pytestmark = pytest.mark.usefixtures("x64")

UNDONE = nde.ReversibleAdjoint()
REVERSIBLE = tuple(n for n, make in REGISTRY.items() if isinstance(make(), nde.AbstractReversibleSolver))
STEPS = 200

AMPLIFIED = {
    "ReversibleHeun": (nde.ReversibleHeun(), 1.0),
    "LeapfrogMidpoint": (nde.LeapfrogMidpoint(), 1.0),
    "ALF": (nde.ALF(), 1.0),
    "ALF(0.99)": (nde.ALF(0.99), 1 / 0.98),
    "ALF(0.95)": (nde.ALF(0.95), 1 / 0.9),
    "Reversible(Heun)": (nde.Reversible(nde.Heun()), 1 / 0.999),
    "Reversible(Tsit5, 0.95)": (nde.Reversible(nde.Tsit5(), coupling=0.95), 1 / 0.95),
}
"""Solvers, and what a step back multiplies rounding by, as their pages say."""


def there_and_back(solver: Any, field: Any, y0: jax.Array, *, h: float, count: int, args: Any) -> Any:
    """The start, and what is left of it after so many steps and as many back."""
    term = nde.ODETerm(field)
    t0, h = jnp.asarray(0.0, y0.dtype), jnp.asarray(h, y0.dtype)
    times = h * jnp.arange(count, dtype=y0.dtype)
    state = solver.init(term, t0, y0, args)
    start = StepStart(y0, state, solver.init_cache(term, t0, y0, args, state))

    def step(carry: Any, t: jax.Array) -> tuple[Any, None]:
        out = solver.step(term, carry, args, h, t, h)
        return StepStart(out.y, out.state, out.cache), None

    def unstep(carry: Any, t: jax.Array) -> tuple[Any, None]:
        earlier = jnp.where(t == 0, jnp.zeros_like(h), h)
        return solver.unstep(term, carry, args, h, earlier, t, h), None

    end, _ = jax.lax.scan(step, start, times)
    again, _ = jax.lax.scan(unstep, end, times, reverse=True)
    return start, again


def distance(a: Any, b: Any) -> float:
    pairs = zip(*(jax.tree.leaves((each.y, each.solver_state)) for each in (a, b)), strict=True)
    return max(float(jnp.abs(x - y).max()) for x, y in pairs)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
@pytest.mark.parametrize("name", AMPLIFIED)
def test_steps_taken_back_lead_to_the_start_within_the_bound(name: str, dtype: Any) -> None:
    """A single step to a few roundings; many to as many roundings times what their steps back amplify."""
    solver, factor = AMPLIFIED[name]
    y0 = jnp.asarray(SPIN_Y0, dtype)
    args = jax.tree.map(lambda x: jnp.asarray(x, dtype), SPIN_ARGS)
    eps = float(jnp.finfo(dtype).eps)

    def drift(count: int) -> float:
        run = quick_jit(functools.partial(there_and_back, solver, spinning_logistic, count=count))
        return distance(*run(y0, h=0.01, args=args))

    assert drift(1) <= 8 * factor * eps
    over_many = drift(STEPS)
    assert over_many <= 4 * STEPS * factor**STEPS * eps
    if factor > 1.05:
        assert over_many > 0.01 * factor**STEPS * eps  # it does amplify


def roots(solver: Any, z: complex) -> np.ndarray:
    """The factors by which a step multiplies the parts of the solution of `y' = z y` with `h = 1`."""
    term = nde.ODETerm(lambda t, y, args: z * y)
    t, h = jnp.asarray(0.0), jnp.asarray(1.0)
    one, zero = jnp.asarray(1.0 + 0j), jnp.asarray(0j)

    def step(y: jax.Array, second: jax.Array) -> tuple[jax.Array, jax.Array]:
        state = (second, h) if isinstance(solver, nde.LeapfrogMidpoint) else second
        start = StepStart(y, state, solver.init_cache(term, t, y, None, state))
        out = solver.step(term, start, None, h, t, h)
        return out.y, out.state[0] if isinstance(solver, nde.LeapfrogMidpoint) else out.state

    return np.linalg.eigvals(np.array([step(one, zero), step(zero, one)]).T)


def stable(solver: Any, z: complex) -> bool:
    return np.abs(roots(solver, z)).max() <= 1 + 1e-9


@pytest.mark.parametrize("solver", [nde.ReversibleHeun(), nde.LeapfrogMidpoint(), nde.ALF()], ids=repr)
def test_on_the_imaginary_axis_they_are_stable_up_to_i_and_nowhere_else(solver: Any) -> None:
    assert stable(solver, 0.5j)
    assert stable(solver, -0.999j)
    for z in (1.001j, -0.1 + 0j, 0.1 + 0j, -0.01 + 0.5j):
        assert not stable(solver, z)


@pytest.mark.parametrize("damping", [0.99, 0.9])
def test_damped_alf_is_stable_on_the_negative_axis_as_far_as_it_says(damping: float) -> None:
    end = -2 * (1 - damping) / damping
    assert stable(nde.ALF(damping), 0.5 * end)
    assert stable(nde.ALF(damping), 0.999 * end)
    assert not stable(nde.ALF(damping), 1.001 * end)


@pytest.mark.parametrize(("coupling", "end"), [(0.999, -0.001), (0.9, -0.1054)])
def test_a_coupled_method_is_stable_on_the_negative_axis_down_to_log_coupling(coupling: float, end: float) -> None:
    solver = nde.Reversible(nde.Bosh3(), coupling)
    assert stable(solver, 0.99 * end)
    assert not stable(solver, 1.01 * end)


CELLS = pairwise(REVERSIBLE, tuple(CONTROLLERS), tuple(SAVE_FORMS), allowed=lambda s, c, _: works_with(s, c))
QUICK = [
    ("ReversibleHeun", "clip", "dense"),
    ("ReversibleHeun", "pid", "subs"),
    ("LeapfrogMidpoint", "step_to", "ts"),
    ("ALF", "pid", "fn"),
    ("Reversible(Bosh3)", "clip", "ts"),
]


@pytest.mark.parametrize(
    "cell",
    [pytest.param(c, marks=() if c in QUICK else pytest.mark.slow, id="-".join(c)) for c in sorted({*CELLS, *QUICK})],
)
def test_the_gradient_is_that_of_the_default(cell: tuple[str, str, str]) -> None:
    assert_gradients_close(gradient(*cell, UNDONE), gradient(*cell, DEFAULT), 1e-9)


def test_a_vmapped_gradient_equals_a_loop() -> None:
    """Lanes that take different numbers of steps and reject different ones."""
    one = jax.grad(lambda flat: loss(flat, "ReversibleHeun", "pid", "ts", UNDONE))
    lanes = flat_inputs()[None] * jnp.asarray([[1.0], [1.1], [1.4]])
    lanes = lanes.at[:, -5:].set(flat_inputs()[None, -5:])
    together, alone = quick_jit(jax.vmap(one))(lanes), quick_jit(one)
    for lane, flat in enumerate(lanes):
        assert_gradients_close(together[lane], alone(flat), 1e-7)


def test_a_hessian_is_that_of_direct_differentiation() -> None:
    """Forward over reverse."""

    def hessian(adjoint: Any) -> jax.Array:
        return quick_jit(jax.jacfwd(jax.grad(lambda flat: loss(flat, "ALF", "constant", "t1", adjoint))))(flat_inputs())

    expected = hessian(nde.DirectAdjoint())
    for adjoint in (UNDONE, DEFAULT, nde.RecursiveCheckpointAdjoint(checkpoints=3)):
        np.testing.assert_allclose(hessian(adjoint), expected, rtol=1e-9, atol=1e-11)


def noisy(solver: str, motion: Any, steps: tuple[Any, Any], adjoint: Any) -> np.ndarray:
    """The gradient of a solve with diagonal noise."""
    dt0, controller = steps

    def final(flat: jax.Array) -> jax.Array:
        drift = nde.ODETerm(lambda t, y, args: jnp.stack([flat[2] * y[1], -jnp.sin(y[0])]))
        noise = nde.ControlTerm(lambda t, y, args: 0.4 * flat[3] * (jnp.cos(y) + 1.5), motion)
        sol = nde.diffeqsolve(
            nde.MultiTerm(drift, noise),
            STOCHASTIC[solver](),
            0.0,
            1.0,
            dt0,
            flat[:2],
            saveat=nde.SaveAt(ts=jnp.asarray([0.3, 0.77]), t1=True),
            stepsize_controller=controller,
            adjoint=adjoint,
            max_steps=256,
        )
        return jnp.vdot(jnp.cos(jnp.arange(6.0)), sol.ys.ravel())

    return np.asarray(quick_jit(jax.grad(final))(jnp.asarray([0.5, -0.2, 0.7, 1.1])))


PID = nde.PIDController(rtol=1e-2, atol=1e-2, pcoeff=0.2, icoeff=0.4)


def motions(kind: str) -> tuple[Any, Any]:
    """A Brownian motion, `dt0` and the controller."""
    key = jax.random.key(4)
    if kind == "made again":
        return nde.BrownianMotion((2,), key), (0.05, nde.ConstantStepSize())
    tree = nde.VirtualBrownianTree(0.0, 1.0, 1e-3, (2,), key)
    return tree if kind == "tree, adaptive" else nde.BrownianMotion((2,), key), (0.3, PID)


@pytest.mark.parametrize("solver", ["ReversibleHeun", "Reversible(Heun)"])
@pytest.mark.parametrize("kind", ["made again", "tree, adaptive", "kept, adaptive"])
def test_noise_is_the_same_on_the_way_back(solver: str, kind: str) -> None:
    """With adaptive steps to the root of rounding: so much a path moves while a step size changes by rounding."""
    expected = noisy(solver, *motions(kind), DEFAULT)
    rtol = 1e-9 if kind == "made again" else 1e-6
    np.testing.assert_allclose(noisy(solver, *motions(kind), UNDONE), expected, rtol=rtol)


def test_memory_grows_by_two_numbers_a_step_at_most() -> None:
    """By the compiler's account; the default's grows by far more over the same steps."""

    def bytes_of(adjoint: Any, steps: int, controller: Any) -> int:
        def final(y0: jax.Array) -> jax.Array:
            sol = nde.diffeqsolve(
                nde.ODETerm(lorenz),
                nde.ReversibleHeun(),
                0.0,
                1.0,
                1 / steps,
                y0,
                stepsize_controller=controller,
                adjoint=adjoint,
                max_steps=steps + 1,
            )
            return jnp.sum(sol.ys)

        return nde.compiled_memory(jax.grad(final), jnp.ones((3, 100)))

    for controller in (nde.ConstantStepSize(), nde.PIDController(rtol=1e-3, atol=1e-3)):
        few, more, most = (bytes_of(UNDONE, steps, controller) for steps in (100, 1_000, 10_000))
        assert more - few <= 2 * 8 * 900
        assert most - more <= 2 * 8 * 9_000
    assert bytes_of(DEFAULT, 1_000, nde.ConstantStepSize()) > 10 * more


def test_what_cannot_be_taken_back_is_refused() -> None:
    def solve(solver: Any) -> Any:
        term = nde.ODETerm(lambda t, y, args: -y)
        return nde.diffeqsolve(term, solver, 0.0, 1.0, 0.1, 1.0, adjoint=UNDONE)

    with pytest.raises(TypeError, match="Tsit5, which is not reversible"):
        solve(nde.Tsit5())
    with pytest.raises(ValueError, match=r"above 0\.5"):
        nde.ALF(damping=0.5)
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        nde.Reversible(nde.Heun(), coupling=1.5)
    with pytest.raises(TypeError, match="reversible itself"):
        nde.Reversible(nde.ALF())
    with pytest.raises(TypeError, match="SRA1, which is no explicit Runge-Kutta"):
        nde.Reversible(nde.SRA1())
    noise = nde.ControlTerm(lambda t, y, args: y, nde.BrownianMotion((), jax.random.key(0)))
    with pytest.raises(TypeError, match="Stratonovich"):
        nde.diffeqsolve(noise, nde.Reversible(nde.Euler()), 0.0, 1.0, 0.1, 1.0)


def test_memory_along_data_grows_by_the_times_of_steps_alone() -> None:
    """On a known grid, too, for which the default makes what all steps see of the data in advance."""
    knots = jnp.linspace(0.0, 1.0, 9)
    path = nde.LinearInterpolation(
        knots, jnp.stack([jnp.sin(k * knots[:, None] + jnp.arange(40.0)[None]) for k in (1, 2)], -1)
    )
    term = nde.ControlTerm(
        lambda t, y, args: jnp.stack([jnp.sin(y), jnp.cos(y)], -1), path, lambda f, x: (f * x).sum(-1)
    )

    def bytes_of(steps: int, adjoint: Any) -> int:
        grid = nde.StepTo(jnp.linspace(0.0, 1.0, steps + 1))

        def final(y0: jax.Array) -> jax.Array:
            sol = nde.diffeqsolve(
                term.to_ode(), nde.ReversibleHeun(), 0.0, 1.0, None, y0, stepsize_controller=grid, adjoint=adjoint
            )
            return jnp.sum(sol.ys)

        return nde.compiled_memory(jax.grad(final), jnp.ones(40))

    few, many = bytes_of(100, UNDONE), bytes_of(1_000, UNDONE)
    assert many - few <= 5 * 8 * 900  # the grid as it was given and as it was taken, and some bytes
    assert bytes_of(1_000, DEFAULT) > 10 * many
