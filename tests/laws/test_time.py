"""Time: far from zero, near its ends, in both precisions, and where the vector field is discontinuous."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde

PID = nde.PIDController(rtol=1e-5, atol=1e-7)


def pendulum(t, y, stiffness):
    x, v = y
    return jnp.stack([v, -stiffness * jnp.sin(x)])


def decay(t, y, args):
    return -args * y


# --- far from zero ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dtype", "adaptive", "sign"),
    [(jnp.float32, True, 1), (jnp.float32, False, -1), (jnp.float64, True, -1), (jnp.float64, False, 1)],
    ids=["float32-adaptive", "float32-constant-backward", "float64-adaptive-backward", "float64-constant"],
)
def test_an_autonomous_solve_is_the_same_wherever_it_starts(x64, dtype, adaptive, sign):
    """Its end, its values at save times, and its gradient."""
    y0 = jnp.asarray([2.0, 0.3], dtype)
    shares = jnp.asarray([0.0, 0.25, 0.5, 2.5, 4.0], dtype)

    @jax.jit
    def values(t0):
        def loss(y0, mu):
            sol = nde.diffeqsolve(
                nde.ODETerm(pendulum),
                nde.Tsit5(),
                t0,
                t0 + sign * 4,
                None if adaptive else jnp.asarray(sign * 0.01, dtype),
                y0,
                mu,
                saveat=nde.SaveAt(ts=t0 + sign * shares),
                stepsize_controller=PID if adaptive else nde.ConstantStepSize(),
            )
            return sol.ys.sum(), (sol.ys, sol.stats["num_steps"])

        return jax.grad(loss, argnums=(0, 1), has_aux=True)(y0, jnp.asarray(1.5, dtype))

    (grads, (ys, steps)) = values(jnp.asarray(0, dtype))
    for t0 in (1e3, 1e5, 1e6, -1e5):
        far_grads, (far_ys, far_steps) = values(jnp.asarray(t0, dtype))
        assert far_steps == steps
        eps = jnp.finfo(dtype).eps
        np.testing.assert_allclose(far_ys, ys, rtol=10 * eps, atol=10 * eps)
        for far, near in zip(far_grads, grads, strict=True):
            np.testing.assert_allclose(far, near, rtol=100 * eps)


def test_dense_output_far_from_zero():
    sol = nde.diffeqsolve(
        nde.ODETerm(decay),
        nde.Tsit5(),
        1e5,
        1e5 + 1,
        None,
        1.0,
        1.0,
        saveat=nde.SaveAt(dense=True),
        stepsize_controller=PID,
    )
    np.testing.assert_allclose(sol.evaluate(1e5 + 0.5), np.exp(-0.5), rtol=1e-4)
    np.testing.assert_allclose(sol.derivative(1e5 + 0.5), -np.exp(-0.5), rtol=1e-3)


def test_a_field_of_time_far_from_zero_sees_its_times():
    """`∫ t` from 1,000 to 1,001, each time a float32."""
    field = nde.ODETerm(lambda t, y, args: t - 1000)
    sol = nde.diffeqsolve(field, nde.Heun(), 1000.0, 1001.0, 0.125, 0.0)
    np.testing.assert_allclose(sol.ys[0], 0.5, rtol=1e-6)


def test_noise_far_from_zero_adds_up():
    """Along additive noise the end is the value of the path there, whatever the steps."""
    motion = nde.VirtualBrownianTree(1e3, 1e3 + 1, tol=1e-3, shape=(), key=jax.random.key(3))
    term = nde.MultiTerm(nde.ODETerm(lambda t, y, args: 0 * y), nde.ControlTerm(lambda t, y, args: 1.0, motion))
    wanted = motion.evaluate(1e3, 1e3 + 1)
    for dt0 in (0.1, 0.003):
        sol = nde.diffeqsolve(term, nde.Euler(), 1e3, 1e3 + 1, dt0, 0.0)
        np.testing.assert_allclose(sol.ys[0], wanted, atol=1e-4)


@pytest.mark.parametrize("seed", range(2))
def test_adaptive_noise_far_from_zero(seed):
    """Rejected steps remember their ends to the rounding of time."""
    motion = nde.BrownianInterval(1e3, 1e3 + 1, shape=(), key=jax.random.key(seed))
    diffusion = nde.ControlTerm(lambda t, y, args: 0.5 * jnp.cos(y), motion)
    term = nde.MultiTerm(nde.ODETerm(lambda t, y, args: -4 * y), diffusion)
    controller = nde.PIDController(rtol=1e-2, atol=1e-3, dtmin=1e-3)
    sol = nde.diffeqsolve(term, nde.Heun(), 1e3, 1e3 + 1, None, 1.0, stepsize_controller=controller, max_steps=2000)
    assert sol.stats["num_rejected_steps"] > 0
    assert np.isfinite(sol.ys).all()


# --- near the end -----------------------------------------------------------------------------------------------------


def test_stiff_decay_to_the_end_in_float32():
    controller = nde.PIDController(rtol=1e-4, atol=1e-6)
    sol = nde.diffeqsolve(
        nde.ODETerm(decay), nde.Tsit5(), 1000.0, 1001.0, None, 1.0, 1e3, stepsize_controller=controller
    )
    np.testing.assert_allclose(sol.ys, 0, atol=1e-5)


def test_no_constant_step_is_swallowed():
    sol = nde.diffeqsolve(nde.ODETerm(decay), nde.Euler(), 1e5, 1e5 + 1, 0.125, 1.0, 1.0)
    assert sol.stats["num_steps"] == 8
    np.testing.assert_allclose(sol.ys[0], 0.875**8, rtol=1e-6)


@pytest.mark.parametrize(
    ("t1", "dt0", "steps"), [(1e3, 1e-3, 1_000_000), (1.0, 0.1, 10), (0.3, 0.1, 3), (7.0, 0.7, 10)]
)
def test_constant_steps_are_as_many_as_they_should_be(t1, dt0, steps):
    sol = nde.diffeqsolve(nde.ODETerm(lambda t, y, args: 0 * y), nde.Euler(), 0.0, t1, dt0, 1.0, max_steps=2_000_000)
    assert sol.stats["num_steps"] == steps


@pytest.mark.parametrize("t0", [0.0, 1000.0, -1000.0])
def test_every_given_time_is_stepped_to(t0):
    ts = jnp.asarray(t0 + np.arange(129) / 1024, jnp.float32)
    sol = nde.diffeqsolve(
        nde.ODETerm(decay), nde.Euler(), ts[0], ts[-1], None, 1.0, 1.0, stepsize_controller=nde.StepTo(ts)
    )
    assert sol.stats["num_steps"] == 128
    np.testing.assert_allclose(sol.ys[0], (1 - 1 / 1024) ** 128, rtol=1e-5)


def test_given_times_near_the_end_are_stepped_to():
    end = np.float32(1000)
    close = np.nextafter(end, np.float32(0), dtype=np.float32)
    controller = nde.ClipStepSizeController(nde.ConstantStepSize(), step_ts=[close])
    sol = nde.diffeqsolve(
        nde.ODETerm(decay),
        nde.Euler(),
        0.0,
        end,
        100.0,
        1.0,
        1e-3,
        stepsize_controller=controller,
        saveat=nde.SaveAt(steps=True),
        max_steps=20,
    )
    assert close in np.asarray(sol.ts)
    assert sol.stats["num_steps"] == 11


def test_given_times_that_coincide_are_empty_steps():
    ts = np.array([0.0, 0.25, 0.25, 0.5, 0.5 + 1e-9, 1.0, 1.0])

    def final(ts):
        sol = nde.diffeqsolve(
            nde.ODETerm(lambda t, y, args: -y),
            nde.Euler(),
            ts[0],
            ts[-1],
            None,
            1.0,
            stepsize_controller=nde.StepTo(ts),
        )
        return sol.ys[0], sol.stats["num_steps"]

    y, steps = final(jnp.asarray(ts, jnp.float32))
    assert steps == 3
    np.testing.assert_allclose(y, 0.75 * 0.75 * 0.5, rtol=1e-6)
    slope, _ = jax.grad(final, has_aux=True)(jnp.asarray(ts, jnp.float32))
    moved = jnp.asarray([0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0], jnp.float32)
    np.testing.assert_allclose(slope @ moved, 0.5 * (0.75 - 0.75), atol=1e-6)


@pytest.mark.parametrize(("t0", "controller"), [(0.0, PID), (2.5, nde.ConstantStepSize())], ids=["pid", "constant"])
def test_a_solve_over_nothing(t0, controller):
    saveat = nde.SaveAt(
        subs=[nde.SubSaveAt(t1=True), nde.SubSaveAt(ts=jnp.full(3, t0)), nde.SubSaveAt(t0=True, t1=True)], dense=True
    )

    def solve(t1, y0):
        return nde.diffeqsolve(
            nde.ODETerm(decay),
            nde.Tsit5(),
            t0,
            t1,
            0.1,
            y0,
            1.0,
            saveat=saveat,
            stepsize_controller=controller,
            max_steps=64,
        )

    sol = solve(t0, 3.0)
    assert sol.result == nde.RESULTS.successful
    assert sol.stats["num_steps"] == 0
    for values in sol.ys:
        np.testing.assert_array_equal(values, 3.0)
    np.testing.assert_array_equal(sol.evaluate(t0), 3.0)

    def total(y0):
        sol = solve(t0, y0)
        return sum(values.sum() for values in sol.ys) + sol.evaluate(t0)

    np.testing.assert_allclose(jax.grad(total)(3.0), 7.0)


@pytest.mark.parametrize(
    "adjoint",
    [
        nde.RecursiveCheckpointAdjoint(),
        nde.ReversibleAdjoint(),
        nde.DirectAdjoint(),
        nde.BacksolveAdjoint(),
        nde.InterpolatedAdjoint(),
    ],
    ids=lambda adjoint: type(adjoint).__name__,
)
def test_lanes_that_end_where_they_start(adjoint):
    def final(y0, t1):
        sol = nde.diffeqsolve(
            nde.ODETerm(decay),
            nde.ReversibleHeun(),
            0.0,
            t1,
            0.01,
            y0,
            1.0,
            saveat=nde.SaveAt(ts=jnp.stack([0 * t1, t1])),
            adjoint=adjoint,
            max_steps=128,
        )
        return sol.ys.sum()

    t1 = jnp.asarray([0.0, 1.0])
    slopes = jax.vmap(jax.grad(final), in_axes=(None, 0))(1.0, t1)
    np.testing.assert_allclose(slopes, [2.0, 1 + np.exp(-1.0)], rtol=1e-3)


def test_unused_slots_are_plus_infinity_whatever_the_direction():
    for sign in (1, -1):
        sol = nde.diffeqsolve(
            nde.ODETerm(decay),
            nde.Euler(),
            0.0,
            1.0 * sign,
            0.25 * sign,
            1.0,
            1.0,
            saveat=nde.SaveAt(steps=True),
            max_steps=6,
        )
        np.testing.assert_allclose(sol.ts, [0.25 * sign, 0.5 * sign, 0.75 * sign, sign, np.inf, np.inf])


# --- the first step ---------------------------------------------------------------------------------------------------


def test_the_first_step_is_not_probed_beyond_the_end():
    """`y' = sqrt(1 - t)`: the vector field is not a number behind t1."""
    field = nde.ODETerm(lambda t, y, args: jnp.sqrt(1 - t))
    controller = nde.PIDController(rtol=1e-6, atol=1e-6)
    sol = nde.diffeqsolve(field, nde.Tsit5(), 0.0, 1.0, None, 1.0, stepsize_controller=controller)
    np.testing.assert_allclose(sol.ys[0], 1 + 2 / 3, rtol=1e-4)


@pytest.mark.parametrize(
    ("field", "t1", "y0", "wanted"),
    [
        (lambda t, y, args: -1e15 * y, 1e-15, 1.0, np.exp(-1)),
        (lambda t, y, args: jnp.asarray(1e15), 1.0, 0.0, 1e15),
        (lambda t, y, args: 1e32 * jnp.cos(t), 1.0, 0.0, 1e32 * np.sin(1)),
        (lambda t, y, args: jnp.where(y < 1.001, 1.0, jnp.nan), 1e-3, 1.0, 1.001),
    ],
    ids=["fast", "steep", "overflowing", "cliff"],
)
def test_first_steps_of_extreme_fields_in_float32(field, t1, y0, wanted):
    controller = nde.PIDController(rtol=1e-4, atol=1e-7)
    sol = nde.diffeqsolve(nde.ODETerm(field), nde.Tsit5(), 0.0, t1, None, y0, stepsize_controller=controller)
    np.testing.assert_allclose(sol.ys[0], wanted, rtol=2e-3)


# --- discontinuities --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["step_ts", "jump_ts"])
def test_the_derivative_to_a_discontinuity_that_is_stepped_to(x64, kind):
    """`y' = -y + (s >= t)`: the derivative of the integral of `y` to `t` is `exp(t - 1) - 1`."""

    def integral(t):
        def field(s, state, t):
            y, _ = state
            return -y + jnp.where(s >= t, 1.0, 0.0), y

        controller = nde.ClipStepSizeController(nde.PIDController(rtol=1e-8, atol=1e-8), **{kind: t[None]})
        start = (jnp.asarray(0.0), jnp.asarray(0.0))
        sol = nde.diffeqsolve(
            nde.ODETerm(field), nde.Tsit5(), 0.0, 1.0, None, start, t, stepsize_controller=controller, max_steps=256
        )
        return sol.ys[1][0]

    np.testing.assert_allclose(jax.grad(integral)(jnp.asarray(0.5)), np.exp(-0.5) - 1, rtol=1e-6)


@pytest.mark.parametrize(("kind", "side"), [("step_ts", jnp.less), ("jump_ts", jnp.less_equal)], ids=["step", "jump"])
@pytest.mark.parametrize(
    "solver", [nde.Tsit5(), nde.Bosh3(), nde.ReversibleHeun(), nde.Reversible(nde.Tsit5())], ids=str
)
def test_steps_do_not_shrink_at_a_discontinuity_that_is_stepped_to(x64, solver, kind, side):
    field = nde.ODETerm(lambda t, y, args: jnp.where(side(t, 0.3), 1.0, -2.0))
    controller = nde.ClipStepSizeController(nde.PIDController(rtol=1e-9, atol=1e-9), **{kind: jnp.asarray([0.3])})
    sol = nde.diffeqsolve(field, solver, 0.0, 1.0, 0.1, 0.0, stepsize_controller=controller)
    np.testing.assert_allclose(sol.ys[0], 0.3 - 2 * 0.7, rtol=1e-12)
    assert sol.stats["num_steps"] < 12


_STATEFUL = [
    nde.LeapfrogMidpoint(),
    nde.ReversibleHeun(),
    nde.ALF(),
    nde.Reversible(nde.Heun()),
    nde.Tsit5(),
    nde.Bosh3(),
    nde.HalfSolver(nde.Heun()),
]


def jump_errors(solver, sizes):
    """`y' = -y` up to a jump to `y' = 2 - y`, by constant steps of which one ends at the jump."""
    jump = 0.5
    exact = np.exp(-0.5) * (np.exp(-0.5) - 2) + 2

    @jax.jit
    def final(dt):
        field = nde.ODETerm(lambda t, y, args: jnp.where(t < jump, -y, 2 - y))
        controller = nde.ClipStepSizeController(nde.ConstantStepSize(), jump_ts=jnp.asarray([jump]))
        return nde.diffeqsolve(field, solver, 0.0, 1.0, dt, 1.0, stepsize_controller=controller).ys[0]

    return [abs(float(final(size)) - exact) for size in sizes]


@pytest.mark.parametrize("solver", _STATEFUL, ids=str)
def test_solvers_keep_their_order_across_a_jump(x64, solver):
    sizes = 1 / np.array([16, 32, 64])
    errors = jump_errors(solver, sizes)
    measured = np.log2(errors[0] / errors[2]) / 2
    assert measured > min(solver.order(), 4) - 0.3 or errors[2] < 1e-13


@pytest.mark.parametrize(
    ("solver", "kind"),
    [(nde.LeapfrogMidpoint(), "jump_ts"), (nde.ReversibleHeun(), "step_ts"), (nde.ReversibleHeun(), "jump_ts")],
    ids=["leapfrog-jump", "heun-step", "heun-jump"],
)
def test_steps_are_undone_across_a_jump(x64, solver, kind):
    """The gradient by inverted steps is that of the default."""
    jumps = jnp.asarray([0.3, 0.61])

    def final(inputs, adjoint):
        y0, rate, at = inputs
        field = nde.ODETerm(lambda t, y, rate: jnp.where((t > at[0]) & (t < at[1]), -rate * y, jnp.cos(rate * y)))
        controller = nde.ClipStepSizeController(nde.ConstantStepSize(), **{kind: at})
        return (
            nde.diffeqsolve(
                field, solver, 0.0, 1.0, 0.02, y0, rate, stepsize_controller=controller, adjoint=adjoint, max_steps=64
            )
            .ys[0]
            .sum()
        )

    inputs = (jnp.asarray([1.0, 0.4]), jnp.asarray(1.3), jumps)
    wanted = jax.grad(final)(inputs, nde.RecursiveCheckpointAdjoint())
    for adjoint in (nde.ReversibleAdjoint(), nde.DirectAdjoint(), nde.RecursiveCheckpointAdjoint(checkpoints=3)):
        got = jax.grad(final)(inputs, adjoint)
        jax.tree.map(lambda g, w: np.testing.assert_allclose(g, w, rtol=1e-9, atol=1e-12), got, wanted)


def test_noise_across_a_jump():
    """A solver with a state, along noise: as the solve to the jump, followed by one from there."""
    motion = nde.VirtualBrownianTree(0.0, 1.0, tol=1e-3, shape=(), key=jax.random.key(1))

    def terms(level):
        drift = nde.ODETerm(lambda t, y, args: jnp.where(t < 0.5, level[0], level[1]) - y)
        return nde.MultiTerm(drift, nde.ControlTerm(lambda t, y, args: 0.3, motion))

    controller = nde.ClipStepSizeController(nde.ConstantStepSize(), jump_ts=jnp.asarray([0.5]))
    dt0 = 1 / 32
    whole = nde.diffeqsolve(
        terms((1.0, -3.0)), nde.ReversibleHeun(), 0.0, 1.0, dt0, 1.0, stepsize_controller=controller
    ).ys[0]
    half = nde.diffeqsolve(terms((1.0, 1.0)), nde.ReversibleHeun(), 0.0, 0.5, dt0, 1.0).ys[0]
    rest = nde.diffeqsolve(terms((-3.0, -3.0)), nde.ReversibleHeun(), 0.5, 1.0, dt0, half).ys[0]
    np.testing.assert_allclose(whole, rest, rtol=1e-5)
