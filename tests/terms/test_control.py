"""Terms of a control: forms of the vector field, and what they refuse."""

import jax
import jax.numpy as jnp
import lineax as lx
import numpy as np
import pytest

import nde

pytestmark = pytest.mark.usefixtures("x64")

TS = np.array([0.0, 0.3, 1.0, 1.6])
XS = np.random.default_rng(0).normal(size=(4, 2))
Y0 = np.array([0.4, -0.2, 0.7])


def matrix(t, y, args):
    return jnp.stack([jnp.sin(y), y * jnp.roll(y, 1)], axis=-1)


def final(field, as_ode=True, y0=Y0, path=None, **options):
    path = nde.LinearInterpolation(TS, XS) if path is None else path
    term = nde.ControlTerm(field, path, **options)
    term = term.to_ode() if as_ode else term
    sol = nde.diffeqsolve(term, nde.Tsit5(), 0.0, 1.6, None, y0, stepsize_controller=nde.StepTo(TS))
    return jax.tree.map(lambda y: y[-1], sol.ys)


@pytest.fixture(name="wanted", scope="module")
def fixture_wanted():
    with jax.enable_x64(True):
        return np.asarray(final(matrix))


def test_increments_are_slopes_where_the_path_is_straight(wanted):
    np.testing.assert_allclose(final(matrix, as_ode=False), wanted, rtol=1e-13)


@pytest.mark.parametrize("as_ode", [True, False], ids=["slopes", "increments"])
def test_an_operator(wanted, as_ode):
    def operator(t, y, args):
        return lx.MatrixLinearOperator(matrix(t, y, args))

    np.testing.assert_allclose(final(operator, as_ode), wanted, rtol=1e-13)


def test_an_operator_that_is_no_matrix(wanted):
    def operator(t, y, args):
        f = matrix(t, y, args)
        return lx.FunctionLinearOperator(lambda x: f @ x, jax.ShapeDtypeStruct((2,), f.dtype))

    np.testing.assert_allclose(final(operator), wanted, rtol=1e-13)


@pytest.mark.parametrize("as_ode", [True, False], ids=["slopes", "increments"])
def test_a_product_of_ones_own(wanted, as_ode):
    """A gate and a matrix, which their product joins."""

    def gated(t, y, args):
        gate = jax.nn.sigmoid(y)
        return gate, matrix(t, y, args) / gate[:, None]

    product = final(gated, as_ode, prod=lambda f, dx: f[0] * (f[1] @ dx))
    np.testing.assert_allclose(product, wanted, rtol=1e-12)


def test_a_long_control_is_contracted_as_a_matrix():
    wide = np.random.default_rng(1).normal(size=(4, 100))
    weights = jnp.asarray(np.random.default_rng(2).normal(size=(3, 100)) / 100)
    got = final(lambda t, y, args: weights, path=nde.LinearInterpolation(TS, wide))
    np.testing.assert_allclose(got, Y0 + weights @ (wide[-1] - wide[0]), rtol=1e-12)


def test_a_tree_driven_by_a_tree():
    path = nde.LinearInterpolation(TS, {"a": XS[:, 0], "b": XS})
    y0 = {"a": jnp.ones(()), "b": jnp.zeros(3)}
    ys = final(lambda t, y, args: {"a": y["a"], "b": jnp.ones((3, 2))}, y0=y0, path=path)
    np.testing.assert_allclose(ys["a"], np.exp(XS[-1, 0] - XS[0, 0]), rtol=1e-3)
    np.testing.assert_allclose(ys["b"], np.full(3, (XS[-1] - XS[0]).sum()), rtol=1e-12)


def test_a_control_beside_a_drift():
    """`dy = -y dt + y dX` has the solution `exp(X - t)`."""
    path = nde.LinearInterpolation(TS, XS[:, 0])
    drift = nde.ODETerm(lambda t, y, args: -y)
    for control in (nde.ControlTerm(lambda t, y, args: y, path), nde.ControlTerm(lambda t, y, args: y, path).to_ode()):
        controller = nde.PIDController(rtol=1e-10, atol=1e-10)
        terms = nde.MultiTerm(drift, control)
        y = nde.diffeqsolve(terms, nde.Tsit5(), 0.0, 1.6, None, 1.0, stepsize_controller=controller).ys[-1]
        np.testing.assert_allclose(y, np.exp(XS[-1, 0] - XS[0, 0] - 1.6), rtol=1e-9)


def test_driven_by_a_solution():
    """A solution is a path: `dy = y dX` along `X = exp(-t)`."""
    inner = nde.diffeqsolve(
        nde.ODETerm(lambda t, y, args: -y), nde.Tsit5(), 0.0, 1.0, 0.01, 1.0, saveat=nde.SaveAt(dense=True)
    )
    term = nde.ControlTerm(lambda t, y, args: y, inner).to_ode()
    y = nde.diffeqsolve(term, nde.Tsit5(), 0.0, 1.0, 0.01, 1.0).ys[-1]
    np.testing.assert_allclose(y, np.exp(np.exp(-1.0) - 1), rtol=1e-7)


def test_what_is_refused():
    with pytest.raises(ValueError, match=r"of shape \(3, 5\) for a state of shape \(3,\)"):
        final(lambda t, y, args: jnp.ones((3, 5)))
    with pytest.raises(ValueError, match=r"`prod` of a `ControlTerm` returned an array of shape \(2,\)"):
        final(matrix, prod=lambda f, dx: dx)
    with pytest.raises(TypeError, match="`to_ode` got a control of type BrownianMotion"):
        nde.ControlTerm(matrix, nde.BrownianMotion((2,), jax.random.key(0))).to_ode()


def test_a_function_of_two_times_as_control():
    """`dy = -y d(t^2)`, with a number captured by the control, to which the derivative flows."""

    def final(speed, adjoint, as_ode):
        term = nde.ControlTerm(lambda t, y, args: -y, lambda t0, t1: speed * (t1**2 - t0**2))
        return nde.diffeqsolve(
            term.to_ode() if as_ode else term, nde.Dopri5(), 0.0, 1.0, 0.01, 1.0, adjoint=adjoint, max_steps=128
        ).ys[0]

    for adjoint in (nde.RecursiveCheckpointAdjoint(), nde.BacksolveAdjoint()):
        for as_ode in (False, True):
            value, slope = jax.value_and_grad(final)(1.0, adjoint, as_ode)
            np.testing.assert_allclose(value, np.exp(-1.0), rtol=1e-2)
            np.testing.assert_allclose(slope, -np.exp(-1.0), rtol=1e-2)


def test_a_function_of_two_times_has_no_value():
    path = nde.ControlTerm(lambda t, y, args: -y, lambda t0, t1: t1 - t0).path
    assert path.derivative(3.0) == 1
    with pytest.raises(ValueError, match="no value at a single time"):
        path.evaluate(0.5)


def test_weakly_diagonal_terms_are_diagonal_control_terms():
    motion = nde.VirtualBrownianTree(0.0, 1.0, 1e-3, (2,), jax.random.key(0))

    def solve(diffusion):
        terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: -y), diffusion)
        return nde.diffeqsolve(terms, nde.ItoMilstein(), 0.0, 1.0, 0.1, jnp.ones(2)).ys

    with pytest.warns(DeprecationWarning, match="`WeaklyDiagonalControlTerm` is now deprecated"):
        term = nde.WeaklyDiagonalControlTerm(lambda t, y, args: 0.1 * y, motion)
    np.testing.assert_allclose(solve(term), solve(nde.ControlTerm(lambda t, y, args: 0.1 * y, motion)), rtol=1e-6)
    increment = term.contr(0.0, 1.0)
    np.testing.assert_allclose(term.prod(term.vf(0.0, jnp.ones(2), None), increment), 0.1 * increment, rtol=1e-6)
