"""What must be true of controlled equations, whatever the path."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import expm

import nde
from tests.laws.compiling import quick_jit

pytestmark = pytest.mark.usefixtures("x64")

RANDOM = np.random.default_rng(0)
TS = np.cumsum(RANDOM.uniform(0.2, 1.0, 7))
XS = RANDOM.normal(size=(7, 2))
MATRICES = 0.6 * RANDOM.normal(size=(2, 3, 3))
Y0 = RANDOM.normal(size=3)
FINE = nde.PIDController(rtol=1e-9, atol=1e-9)


def linear_field(t, y, args):
    return jnp.einsum("cij,j->ic", args, y)


def curved_field(t, y, args):
    return jnp.sin(jnp.einsum("cij,j->ic", args, y))


def final(path, field=linear_field, *, ode=True, controller=FINE, y0=Y0, args=MATRICES, ends=None, **options):
    """The state at the end of the path."""
    term = nde.ControlTerm(field, path)
    term = term.to_ode() if ode else term
    t0, t1 = (path.ts[0], path.ts[-1]) if ends is None else ends
    options.setdefault("solver", nde.Tsit5())
    return nde.diffeqsolve(
        term, t0=t0, t1=t1, dt0=None, y0=y0, args=args, stepsize_controller=controller, **options
    ).ys[-1]


def exact(xs, matrices, y0):
    """Along straight lines linear fields compose matrix exponentials of the increments."""
    for dx in xs[1:] - xs[:-1]:
        y0 = jax.scipy.linalg.expm(jnp.einsum("c,cij->ij", dx, matrices)) @ y0
    return y0


def wanted():
    y = Y0
    for dx in np.diff(XS, axis=0):
        y = expm(np.einsum("c,cij->ij", dx, MATRICES)) @ y
    return y


@pytest.mark.parametrize("ode", [True, False], ids=["slopes", "increments"])
def test_linear_fields_compose_matrix_exponentials(ode):
    path = nde.LinearInterpolation(TS, XS)
    np.testing.assert_allclose(final(path, ode=ode), wanted(), rtol=1e-7)


def test_backward_in_time_leads_back():
    path = nde.LinearInterpolation(TS, XS)
    np.testing.assert_allclose(final(path, y0=wanted(), ends=(TS[-1], TS[0])), Y0, rtol=1e-7)
    grid = nde.StepTo(
        np.sort(np.concatenate([np.linspace(a, b, 20)[:-1] for a, b in itertools.pairwise(TS)] + [TS[-1:]]))[::-1]
    )
    np.testing.assert_allclose(final(path, y0=wanted(), ends=(TS[-1], TS[0]), controller=grid), Y0, rtol=1e-7)


def test_adaptive_steps_end_at_the_knots():
    """Though the tolerance would let them pass."""
    sol = nde.diffeqsolve(
        nde.ControlTerm(lambda t, y, args: jnp.ones((1, 2)), nde.LinearInterpolation(TS, XS)).to_ode(),
        nde.Tsit5(),
        TS[0],
        TS[-1],
        10.0,
        jnp.zeros(1),
        saveat=nde.SaveAt(steps=True),
        stepsize_controller=nde.PIDController(rtol=1.0, atol=1.0),
    )
    np.testing.assert_array_equal(sol.ts[: len(TS) - 1], TS[1:])


def test_the_speed_at_which_a_path_is_walked_does_not_matter():
    """Without time as a channel: another clock, the same end."""
    for clock in (np.arange(7.0), TS**3):
        path = nde.LinearInterpolation(clock, XS)
        np.testing.assert_allclose(
            final(path, curved_field), final(nde.LinearInterpolation(TS, XS), curved_field), rtol=1e-7
        )


def test_where_a_path_starts_does_not_matter_but_its_increments_do():
    here = final(nde.LinearInterpolation(TS, XS), curved_field)
    np.testing.assert_allclose(final(nde.LinearInterpolation(TS, XS + 5.0), curved_field), here, rtol=1e-10)
    bent = XS.copy()
    bent[3] += 0.1
    assert np.abs(final(nde.LinearInterpolation(TS, bent), curved_field) - here).max() > 1e-3


def test_a_start_made_of_the_first_value_feels_a_translation():
    def solve(xs):
        return final(nde.LinearInterpolation(TS, xs), curved_field, y0=jnp.concatenate([xs[0], xs[:1, 0]]))

    assert np.abs(solve(jnp.asarray(XS)) - solve(jnp.asarray(XS + 0.1))).max() > 1e-2


PATHS = {
    "linear": lambda xs, cs: nde.LinearInterpolation(TS, xs),
    "cubic": lambda xs, cs: nde.CubicInterpolation(TS, cs),
}
GRIDS = {
    "from knot to knot": lambda: nde.StepTo(TS),
    "adaptive": lambda: nde.ClipStepSizeController(nde.PIDController(rtol=1e-6, atol=1e-6), step_ts=TS),
}
"""The adaptive steps end at the knots of a smooth path, too: the choice of steps across a kink magnifies rounding, and
two programs that round differently then differ by the tolerance."""


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("path", PATHS)
def test_gradients_to_data_and_parameters(path, grid):
    """Replayed, by JAX's own rules, and by finite differences on a fixed grid."""

    def loss(adjoint, xs, cs, matrices):
        y = final(
            PATHS[path](xs, cs), curved_field, args=matrices, controller=GRIDS[grid](), adjoint=adjoint, max_steps=499
        )
        return jnp.sum(jnp.cos(y))

    inputs = (jnp.asarray(XS), nde.backward_hermite_coefficients(TS, XS), jnp.asarray(MATRICES))
    replayed = quick_jit(jax.grad(functools.partial(loss, nde.RecursiveCheckpointAdjoint()), (0, 1, 2)))(*inputs)
    direct = quick_jit(jax.grad(functools.partial(loss, nde.DirectAdjoint()), (0, 1, 2)))(*inputs)
    for a, b in zip(jax.tree.leaves(replayed), jax.tree.leaves(direct), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-10)
    if grid == "adaptive":
        return
    value = quick_jit(functools.partial(loss, nde.RecursiveCheckpointAdjoint()))
    direction = [np.random.default_rng(1).normal(size=leaf.shape) for leaf in jax.tree.leaves(inputs)]
    moved = [
        jax.tree.unflatten(
            jax.tree.structure(inputs), [x + s * d for x, d in zip(jax.tree.leaves(inputs), direction, strict=True)]
        )
        for s in (1e-6, -1e-6)
    ]
    slope = sum(float((g * d).sum()) for g, d in zip(jax.tree.leaves(replayed), direction, strict=True))
    np.testing.assert_allclose(slope, (value(*moved[0]) - value(*moved[1])) / 2e-6, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("controller", ["grid", "adaptive"])
def test_gradient_to_data_times_and_matrices_is_that_of_the_exact_solution(controller):
    def loss(ts, xs, matrices):
        fine = nde.StepTo(
            jnp.concatenate([(ts[:-1, None] + jnp.arange(16)[None] / 16 * jnp.diff(ts)[:, None]).ravel(), ts[-1:]])
        )
        path = nde.LinearInterpolation(ts, xs)
        return jnp.sum(final(path, args=matrices, controller=fine if controller == "grid" else FINE) ** 2)

    inputs = jnp.asarray(TS), jnp.asarray(XS), jnp.asarray(MATRICES)
    got = quick_jit(jax.grad(loss, (0, 1, 2)))(*inputs)
    right = jax.grad(lambda xs, matrices: jnp.sum(exact(xs, matrices, jnp.asarray(Y0)) ** 2), (0, 1))(*inputs[1:])
    np.testing.assert_allclose(got[0], np.zeros(7), atol=1e-5)  # the clock does not matter
    np.testing.assert_allclose(got[1], right[0], rtol=1e-5)
    np.testing.assert_allclose(got[2], right[1], rtol=1e-5)


@pytest.mark.parametrize("grid", GRIDS)
def test_lanes_equal_a_loop(grid):
    batch = np.random.default_rng(2).normal(size=(3, 7, 2))

    def solve(xs):
        return final(nde.LinearInterpolation(TS, xs), curved_field, controller=GRIDS[grid]())

    one = quick_jit(solve)
    np.testing.assert_allclose(quick_jit(jax.vmap(solve))(batch), np.stack([one(xs) for xs in batch]), rtol=1e-9)


def test_saved_between_knots_and_at_them():
    """Values inside a step see the same path as the step."""
    ts = np.linspace(TS[0], TS[-1], 23)
    options = {"saveat": nde.SaveAt(ts=ts), "stepsize_controller": nde.StepTo(TS), "dt0": None}
    term = nde.ControlTerm(lambda t, y, args: jnp.ones((1, 2)), nde.LinearInterpolation(TS, XS)).to_ode()
    sol = nde.diffeqsolve(term, nde.Tsit5(), t0=TS[0], t1=TS[-1], y0=jnp.zeros(1), **options)
    sums = np.interp(ts, TS, XS.sum(axis=1)) - XS[0].sum()
    np.testing.assert_allclose(sol.ys[:, 0], sums, atol=1e-12)
    dense = nde.diffeqsolve(
        term, nde.Tsit5(), t0=TS[0], t1=TS[-1], y0=jnp.zeros(1), **{**options, "saveat": nde.SaveAt(dense=True)}
    )
    np.testing.assert_allclose(jax.vmap(dense.evaluate)(jnp.asarray(ts))[:, 0], sums, atol=1e-12)


@pytest.mark.parametrize(
    "solver",
    [nde.Euler(), nde.Heun(), nde.Bosh3(), nde.ReversibleHeun(), nde.HalfSolver(nde.Heun())],
    ids=lambda solver: type(solver).__name__,
)
def test_order_of_convergence(solver):
    """Along a smooth control, `dy = y dX` with `X = sin(t)` as two cubic pieces of it."""
    ts = np.array([0.0, 0.5, 1.0])
    spline = nde.CubicInterpolation(
        ts, (np.array([-0.5, 0.2]), np.array([1.0, -2.0]), np.array([0.3, 0.9]), np.zeros(2))
    )
    y1 = np.exp(sum(c * 0.5**k for c, k in zip((-0.5, 1.0, 0.3), (3, 2, 1), strict=True)))
    y1 *= np.exp(sum(c * 0.5**k for c, k in zip((0.2, -2.0, 0.9), (3, 2, 1), strict=True)))
    errors = []
    for steps in (16, 32):
        grid = nde.StepTo(np.linspace(0, 1, steps + 1))
        y = final(spline, lambda t, y, args: y, controller=grid, y0=jnp.asarray(1.0), solver=solver)
        errors.append(abs(float(y) - y1))
    order = np.log2(errors[0] / errors[1])
    assert order > solver.order() - 0.25, (order, errors)


def test_float32_agrees_with_float64():
    double = final(nde.LinearInterpolation(TS, XS), curved_field, controller=nde.StepTo(TS))
    with jax.enable_x64(False):
        ts, xs, matrices = (np.asarray(x, np.float32) for x in (TS, XS, MATRICES))
        single = final(
            nde.LinearInterpolation(ts, xs),
            curved_field,
            controller=nde.StepTo(ts),
            y0=Y0.astype(np.float32),
            args=matrices,
        )
        assert single.dtype == jnp.float32
    np.testing.assert_allclose(single, double, rtol=2e-5)


def test_a_recurrent_network_is_a_discretized_equation():
    """Euler's method with unit steps, along the sum of the inputs, is Elman's network."""
    inputs = np.random.default_rng(6).normal(size=(8, 2))
    weights = np.random.default_rng(7).normal(size=(3, 3))
    feed = np.random.default_rng(8).normal(size=(3, 2))
    path = nde.LinearInterpolation(np.arange(9.0), np.concatenate([np.zeros((1, 2)), inputs.cumsum(axis=0)]))
    cell = nde.ControlTerm(lambda t, y, args: y, path, prod=lambda y, dx: jnp.tanh(weights @ y + feed @ dx) - y)
    ys = nde.diffeqsolve(
        cell,
        nde.Euler(),
        0.0,
        8.0,
        None,
        jnp.zeros(3),
        saveat=nde.SaveAt(ts=np.arange(1.0, 9.0)),
        stepsize_controller=nde.StepTo(np.arange(9.0)),
    ).ys
    h, states = np.zeros(3), []
    for x in inputs:
        h = np.tanh(weights @ h + feed @ x)
        states.append(h)
    np.testing.assert_allclose(ys, states, rtol=1e-12)
