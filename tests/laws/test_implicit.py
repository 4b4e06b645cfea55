"""Solves that end at rest, and the derivatives of states at rest."""

from typing import Any

import jax
import jax.numpy as jnp
import lineax as lx
import numpy as np
import pytest

import nde
from tests.laws.compiling import quick_jit

pytestmark = pytest.mark.usefixtures("x64")

PID = nde.PIDController(rtol=1e-11, atol=1e-11)
REST = nde.steady_state(1e-8, 1e-8)


def solve(field: Any, args: Any, y0: Any, adjoint: Any = nde.ImplicitAdjoint(), **options: Any) -> nde.Solution:
    given = {"event": REST, "stepsize_controller": PID, "dt0": None, **options}
    return nde.diffeqsolve(nde.ODETerm(field), nde.Tsit5(), 0.0, 1e4, y0=y0, args=args, adjoint=adjoint, **given)


def cubic(t: Any, y: Any, args: Any) -> Any:
    """At rest at the root of `args`."""
    del t
    return args - y**3


def test_a_solve_ends_where_nothing_moves_and_not_before() -> None:
    sol = solve(cubic, jnp.asarray(8.0), jnp.asarray(1.0))
    assert sol.result == nde.RESULTS.event_occurred
    assert nde.is_okay(sol.result)
    assert float(sol.ts[0]) < 100.0
    np.testing.assert_allclose(sol.ys[0], 2.0, atol=1e-8)
    short = nde.diffeqsolve(nde.ODETerm(cubic), nde.Tsit5(), 0.0, 0.1, 0.01, 1.0, args=8.0, event=REST)
    assert short.result == nde.RESULTS.successful
    constant = solve(cubic, jnp.asarray(8.0), jnp.asarray(1.0), dt0=0.05, stepsize_controller=nde.ConstantStepSize())
    assert constant.result == nde.RESULTS.event_occurred


@pytest.mark.parametrize("mode", [jax.grad, jax.jacfwd])
@pytest.mark.parametrize("linear_solver", [lx.AutoLinearSolver(well_posed=None), lx.GMRES(rtol=1e-10, atol=1e-10)])
def test_the_derivative_is_that_of_the_root(mode: Any, linear_solver: Any) -> None:
    """To the first state there is none, to what the field captured there is."""

    def at_rest(inputs: tuple[Any, Any, Any]) -> jax.Array:
        level, factor, y0 = inputs
        adjoint = nde.ImplicitAdjoint(linear_solver)
        return solve(lambda t, y, args: factor * args - y**3, level, y0, adjoint).ys[0]

    found = quick_jit(mode(at_rest))((jnp.asarray(4.0), jnp.asarray(2.0), jnp.asarray(1.0)))
    np.testing.assert_allclose(found, [2.0 / 12.0, 4.0 / 12.0, 0.0], atol=1e-8)


def test_second_derivatives_have_all_modes() -> None:
    def at_rest(level: jax.Array) -> jax.Array:
        return solve(cubic, level, jnp.asarray(1.0)).ys[0]

    expected = -2 / 9 * 8.0 ** (-5 / 3)
    modes = ((jax.grad, jax.grad), (jax.jacfwd, jax.grad), (jax.jacfwd, jax.jacfwd))
    for outer, inner in modes:
        np.testing.assert_allclose(quick_jit(outer(inner(at_rest)))(jnp.asarray(8.0)), expected, rtol=1e-6)


def test_lanes_of_a_network_with_a_pytree_for_a_state() -> None:
    """Against the derivative of the root of the linear equation `y = A y + b`, and against the default."""
    matrix = 0.3 * jnp.cos(jnp.arange(9.0)).reshape(3, 3)

    def field(t: Any, y: Any, args: Any) -> Any:
        del t
        flat = matrix @ jnp.concatenate([y["a"], y["b"]]) + args - jnp.concatenate([y["a"], y["b"]])
        return {"a": flat[:1], "b": flat[1:]}

    def total(offset: jax.Array, adjoint: Any) -> jax.Array:
        found = solve(field, offset, {"a": jnp.zeros(1), "b": jnp.zeros(2)}, adjoint).ys
        return jnp.sum(jnp.sin(found["a"])) + jnp.sum(found["b"][0] ** 2)

    def exact(offset: jax.Array) -> jax.Array:
        y = jnp.linalg.solve(jnp.eye(3) - matrix, offset)
        return jnp.sin(y[0]) + jnp.sum(y[1:] ** 2)

    offsets = jnp.asarray([[1.0, 0.0, -1.0], [0.2, 3.0, 0.1]])
    found = quick_jit(jax.vmap(jax.grad(lambda b: total(b, nde.ImplicitAdjoint()))))(offsets)
    np.testing.assert_allclose(found, jax.vmap(jax.grad(exact))(offsets), atol=1e-7)
    default = quick_jit(jax.grad(lambda b: total(b, nde.RecursiveCheckpointAdjoint())))(offsets[0])
    np.testing.assert_allclose(found[0], default, atol=1e-6)


def test_memory_does_not_know_how_many_steps_there_were() -> None:
    def bytes_of(most: int) -> int:
        def at_rest(level: jax.Array) -> jax.Array:
            return jnp.sum(solve(cubic, level, jnp.ones(200), max_steps=most).ys)

        return nde.compiled_memory(jax.grad(at_rest), jnp.full(200, 8.0))

    assert bytes_of(10_000) == bytes_of(10)


def test_what_it_is_not_for_is_refused() -> None:
    with pytest.raises(ValueError, match="only the last state"):
        solve(cubic, 8.0, 1.0, saveat=nde.SaveAt(ts=jnp.array([1.0])))
    with pytest.raises(ValueError, match="tolerances must be non-negative, and at least one positive"):
        nde.steady_state(rtol=0.0, atol=0.0)
    noise = nde.ControlTerm(lambda t, y, args: y, nde.BrownianMotion((), jax.random.key(0)))
    with pytest.raises(TypeError, match="no state comes to rest"):
        nde.diffeqsolve(noise, nde.Heun(), 0.0, 1.0, 0.1, 1.0, event=nde.steady_state())
    with pytest.raises(TypeError, match="no state is at rest"):
        nde.diffeqsolve(noise, nde.Heun(), 0.0, 1.0, 0.1, 1.0, adjoint=nde.ImplicitAdjoint())


ADJOINTS = (nde.RecursiveCheckpointAdjoint(), nde.DirectAdjoint(), nde.ImplicitAdjoint(), nde.BacksolveAdjoint())


def rest(level, adjoint):
    """`y` goes to `level`."""
    return nde.diffeqsolve(
        nde.ODETerm(lambda t, y, level: level - y),
        nde.Tsit5(),
        0.0,
        50.0,
        None,
        0.0,
        level,
        stepsize_controller=nde.PIDController(rtol=1e-4, atol=1e-4),
        event=nde.steady_state(1e-3, 1e-3),
        adjoint=adjoint,
        max_steps=128,
    )


@pytest.mark.parametrize("adjoint", ADJOINTS, ids=lambda adjoint: type(adjoint).__name__)
def test_the_time_of_rest_has_no_silent_derivative(adjoint):
    with pytest.raises(RuntimeError, match="time at which `event` stopped"):
        jax.grad(lambda level: rest(level, adjoint).ts[0])(2.0)
    np.testing.assert_allclose(jax.grad(lambda level: rest(level, adjoint).ys[0])(2.0), 1.0, rtol=1e-2)


def test_the_time_of_rest_has_no_silent_tangent():
    def solved(level):
        sol = rest(level, nde.ForwardMode())
        return sol.ts[0], sol.ys[0]

    _, (time, state) = jax.jvp(solved, (2.0,), (1.0,))
    assert np.isnan(time)
    np.testing.assert_allclose(state, 1.0, rtol=1e-2)
