"""A tolerance for each component."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.integrate

import nde

pytestmark = pytest.mark.usefixtures("x64")

RATES = np.asarray([1.0, 2.0, 3.0])
Y0 = np.asarray([1.0, 1e-3, 1e-6])


def solve(rtol=1e-5, atol=1e-8, y0=Y0, *, dt0=None, solver=nde.Tsit5(), **options):
    def field(t, y, args):
        return jax.tree.map(lambda y: -jnp.broadcast_to(RATES, y.shape) * y if y.shape else -y, y)

    controller = nde.PIDController(rtol=rtol, atol=atol)
    return nde.diffeqsolve(nde.ODETerm(field), solver, 0.0, 1.0, dt0, y0, stepsize_controller=controller, **options)


SAME = {
    "an array": lambda: jnp.full(3, 1e-8),
    "a numpy array": lambda: np.full(3, 1e-8),
    "a list": lambda: [1e-8, 1e-8, 1e-8],
    "an array of one": lambda: jnp.full(1, 1e-8),
    "an array of no axes": lambda: jnp.asarray(1e-8),
}


@pytest.mark.parametrize("atol", SAME.values(), ids=SAME)
def test_of_equal_tolerances_nothing_changes(atol):
    one, each = solve(), solve(atol=atol())
    np.testing.assert_array_equal(one.ys, each.ys)
    assert one.stats["num_steps"] == each.stats["num_steps"]


def test_each_component_keeps_its_own():
    """The tight tolerance of the last component alone makes the steps; loosened there, they grow."""
    tight, loose = (solve(0.0, jnp.asarray([1e-2, 1e-2, last])) for last in (1e-13, 1e-2))
    assert tight.stats["num_steps"] > 2 * loose.stats["num_steps"]
    np.testing.assert_allclose(tight.ys[0], Y0 * jnp.exp(-RATES), atol=1e-10)


def test_as_scipy_counts_them():
    atol = np.asarray([1e-6, 1e-9, 1e-12])
    theirs = scipy.integrate.solve_ivp(lambda t, y: -RATES * y, (0, 1), Y0, "RK45", rtol=1e-6, atol=atol)
    ours = solve(1e-6, atol, solver=nde.Dopri5())
    assert abs(int(ours.stats["num_accepted_steps"]) - (len(theirs.t) - 1)) <= 2


TREES = {
    "leaf for leaf": ({"a": 1e-6, "b": (1e-4, jnp.full(3, 1e-8))}, 1e-5),
    "a prefix": ({"a": 1e-6, "b": 1e-8}, {"a": 1e-5, "b": (1e-4, 1e-5)}),
    "arrays": ({"a": 1e-6, "b": (1e-4, np.asarray([1e-4, 1e-6, 1e-8]))}, jnp.asarray(1e-5)),
}


@pytest.mark.parametrize(("atol", "rtol"), TREES.values(), ids=TREES)
@pytest.mark.parametrize(
    "adjoint", [nde.RecursiveCheckpointAdjoint(), nde.BacksolveAdjoint(), nde.InterpolatedAdjoint()]
)
def test_pytrees_and_gradients(atol, rtol, adjoint):
    def total(scale):
        y0 = {"a": scale, "b": (2 * scale, scale * Y0)}
        ys = solve(rtol, atol, y0, adjoint=adjoint, max_steps=256).ys
        return sum(jnp.sum(leaf) for leaf in jax.tree.leaves(ys))

    exact = 3 * jnp.exp(-1.0) + jnp.sum(Y0 * jnp.exp(-RATES))
    value, slope = jax.jit(jax.value_and_grad(total))(1.0)
    np.testing.assert_allclose(value, exact, rtol=1e-3)
    np.testing.assert_allclose(slope, exact, rtol=1e-3)


@pytest.mark.parametrize("adjoint", [nde.BacksolveAdjoint(), nde.InterpolatedAdjoint()])
def test_a_list_of_states_with_a_list_of_tolerances_goes_back(adjoint):
    def total(scale):
        ys = solve(1e-6, [1e-8, jnp.full(3, 1e-10)], [scale, scale * Y0], adjoint=adjoint, max_steps=256).ys
        return ys[0][0] + jnp.sum(ys[1])

    np.testing.assert_allclose(jax.grad(total)(1.0), jnp.exp(-1.0) + jnp.sum(Y0 * jnp.exp(-RATES)), rtol=1e-4)


def test_lanes_with_their_own():
    atols = jnp.asarray([[1e-3, 1e-3, 1e-3], [1e-3, 1e-6, 1e-12]])
    together = jax.vmap(lambda atol: solve(0.0, atol).stats["num_steps"])(atols)
    assert together.tolist() == [int(solve(0.0, atol).stats["num_steps"]) for atol in atols]


MISFITS = {
    "too many": (jnp.full(4, 1e-6), r"`atol` of shape \(4,\) for an array of shape \(3,\)"),
    "too many axes": (jnp.full((1, 3), 1e-6), r"`atol` of shape \(1, 3\)"),
    "another structure": ({"a": 1e-6}, "`atol` of structure"),
}


@pytest.mark.parametrize(("atol", "message"), MISFITS.values(), ids=MISFITS)
@pytest.mark.parametrize("dt0", [None, 0.1])
def test_that_do_not_fit(atol, message, dt0):
    with pytest.raises(ValueError, match=message):
        solve(atol=atol, dt0=dt0)


WRONG = {
    "one negative": (1e-3, [1e-6, -1e-6, 1e-6], "least atol = -1e-06"),
    "one is nan": (1e-3, [1e-6, np.nan, 1e-6], "least atol = nan"),
    "one of none at all": ([1e-3, 0.0, 1e-3], [1e-6, 0.0, 1e-6], "least rtol = 0, least atol = 0"),
}


@pytest.mark.parametrize(("rtol", "atol", "message"), WRONG.values(), ids=WRONG)
def test_that_make_no_sense(rtol, atol, message):
    with pytest.raises(nde.SolveError, match=message):
        solve(rtol, atol)


def test_either_may_be_zero():
    assert nde.is_successful(solve([1e-3, 0.0, 1e-3], [0.0, 1e-6, 0.0]).result)


def test_the_one_line_door():
    ys = nde.odeint(lambda t, y: -RATES * y, Y0, [0.0, 1.0], rtol=0.0, atol=Y0 * 1e-6)
    np.testing.assert_allclose(ys[1], Y0 * jnp.exp(-RATES), rtol=1e-4)


def test_a_state_at_rest_by_components():
    """With a loose tolerance for the slow component it ends sooner."""
    slow = jnp.asarray([1.0, 0.01])

    def end(atol):
        return nde.diffeqsolve(
            nde.ODETerm(lambda t, y, args: {"y": -slow * y["y"]}),
            nde.Tsit5(),
            0.0,
            5000.0,
            None,
            {"y": jnp.ones(2)},
            stepsize_controller=nde.PIDController(rtol=1e-6, atol=1e-6),
            event=nde.steady_state(rtol=0.0, atol=atol, norm=nde.max_norm),
        )

    loose, tight = end({"y": jnp.asarray([1e-6, 1.0])}), end({"y": jnp.asarray([1e-6, 1e-6])})
    assert loose.result == tight.result == nde.RESULTS.event_occurred
    assert loose.ts[0] < 30
    assert tight.ts[0] > 500
    assert tight.ts[0] == end(1e-6).ts[0]
