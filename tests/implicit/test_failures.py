"""Bad input: codes, what is kept, and messages."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from nde import RESULTS
from nde.implicit import fixed_point


def test_a_map_that_expands_diverges_and_the_lowest_residual_is_kept() -> None:
    sol = fixed_point(lambda x, args: 1.0 - 2.0 * x, 0.3, solver=nde.implicit.Picard(), throw=False, history=True)
    assert sol.result == RESULTS.diverged
    np.testing.assert_allclose(sol.value, 0.3, rtol=1e-6)
    np.testing.assert_allclose(sol.stats["residual"], np.min(sol.stats["residuals"]), rtol=1e-6)
    with pytest.raises(nde.SolveError, match=r"diverged.*damping=0\.5.*residual = 0\.1"):
        fixed_point(lambda x, args: 1.0 - 2.0 * x, 0.3, solver=nde.implicit.Picard())
    damped = fixed_point(lambda x, args: 1.0 - 2.0 * x, 0.3, solver=nde.implicit.Picard(damping=0.4))
    np.testing.assert_allclose(damped.value, 1 / 3, rtol=1e-4)


def test_too_few_steps_and_slow_growth_are_told_apart() -> None:
    slow = fixed_point(lambda x, args: 0.99 * x + 1, 0.0, solver=nde.implicit.Picard(), throw=False, max_steps=10)
    growing = fixed_point(lambda x, args: 1.01 * x + 1, 0.0, solver=nde.implicit.Picard(), throw=False, max_steps=10)
    assert slow.result == RESULTS.no_convergence
    assert growing.result == RESULTS.diverged
    assert int(slow.stats["num_steps"]) == 10


@pytest.mark.parametrize("solver", [nde.implicit.Picard(), nde.implicit.Anderson(), nde.implicit.NewtonKrylov()])
def test_a_tolerance_below_rounding(solver: Any) -> None:
    f = lambda x, args: jnp.cos(x * args)
    sol = fixed_point(f, jnp.ones(7), jnp.linspace(0.1, 0.9, 7), solver=solver, rtol=1e-12, atol=0.0, throw=False)
    assert sol.result == RESULTS.tolerance_too_small
    assert float(sol.stats["residual"]) < 1e-6


@pytest.mark.parametrize(
    ("f", "x0", "options", "code"),
    [
        (lambda x, args: jnp.log(x), -1.0, {}, RESULTS.nonfinite_start),
        (lambda x, args: 0.5 * x, 1.0, {"rtol": -1.0}, RESULTS.bad_tolerance),
        (lambda x, args: 0.5 * x, 1.0, {"rtol": 0.0, "atol": 0.0}, RESULTS.bad_tolerance),
        (lambda x, args: x + 1.0, 1.0, {"solver": nde.implicit.Newton()}, RESULTS.singular_jacobian),
    ],
)
def test_codes(f: Any, x0: Any, options: Any, code: Any) -> None:
    assert fixed_point(f, x0, throw=False, **options).result == code
    with pytest.raises(nde.SolveError, match=r"nan or inf|Tolerances must|singular"):
        fixed_point(f, x0, **options)


def test_the_member_that_failed_is_named() -> None:
    f = lambda x, args: args * x + 1.0
    factors = jnp.asarray([0.5, 3.0])
    options: dict[str, Any] = {"solver": nde.implicit.Picard()}
    with pytest.raises(nde.SolveError, match="element 1 of the batch"):
        jax.vmap(lambda a: fixed_point(f, 0.0, a, **options).value)(factors)
    with pytest.raises(nde.SolveError, match="element 1 of the batch"):
        fixed_point(f, jnp.zeros(2), factors, batched=True, **options)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: fixed_point(3, 1.0), TypeError, r"`fixed_point` got `3` as its function"),
        (lambda: fixed_point(jnp.sin, "x"), TypeError, "in `x0`; expected numbers"),
        (lambda: fixed_point(lambda x, a: x[:2], jnp.ones(3)), ValueError, r"shape \(2,\) for an `x0` of shape \(3,\)"),
        (lambda: fixed_point(lambda x, a: (x, x), jnp.ones(3)), ValueError, "structure"),
        (
            lambda: fixed_point(lambda x, a: jax.lax.complex(x, x), jnp.ones(3)),
            TypeError,
            "cannot hold it. Pass `x0` as complex64",
        ),
        (lambda: fixed_point(lambda x, a: x, jnp.ones((0,))), ValueError, "without numbers"),
        (lambda: fixed_point(lambda x, a: x, 1.0, batched=True), ValueError, r"batched=True.*first axis"),
        (lambda: fixed_point(lambda x, a: x, 1.0, solver=nde.implicit.Picard), TypeError, "class Picard.*as `solver`"),
        (lambda: fixed_point(lambda x, a: x, 1.0, gradient="ift"), TypeError, "`'ift'` as `gradient`"),
        (lambda: fixed_point(lambda x, a: x, 1.0, max_steps=0), ValueError, "at least 1"),
        (lambda: fixed_point(lambda x, a: x, 1.0, max_steps=1.5), TypeError, "whole number"),
        (lambda: fixed_point(lambda x, a: x, 1.0, throw=1), TypeError, "`1` as `throw`"),
        (lambda: nde.implicit.ReversiblePicard(1.0), ValueError, "between 0 and 1"),
        (lambda: nde.implicit.PhantomGradient(0), ValueError, "at least 1"),
        (
            lambda: fixed_point(lambda x, a: x, 1.0, gradient=nde.implicit.ReversibleGradient()),
            TypeError,
            r"solver=Anderson\(\).*ReversiblePicard",
        ),
    ],
)
@pytest.mark.usefixtures("as_users_call_it")
def test_misuse(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


def test_forward_mode_of_the_reversible_gradient_is_refused() -> None:
    options: dict[str, Any] = {
        "solver": nde.implicit.ReversiblePicard(),
        "gradient": nde.implicit.ReversibleGradient(),
    }
    with pytest.raises(TypeError, match=r"reverse mode only\. Pass `gradient=nde\.implicit\.ImplicitGradient"):
        jax.jvp(lambda a: fixed_point(lambda x, a: 0.5 * x + a, 0.0, a, **options).value, (1.0,), (1.0,))


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(
    ("linear_solver", "code"),
    [
        (nde.implicit.Dense(), RESULTS.singular_jacobian),
        (nde.implicit.GMRES(max_steps=40), RESULTS.no_linear_convergence),
        (nde.implicit.LinearFixedPoint(), RESULTS.no_linear_convergence),
    ],
)
def test_a_derivative_that_does_not_exist_says_so(linear_solver: Any, code: Any) -> None:
    """At zero the derivative of `x - x^3 + p` to `x` is one: the fixed point is the cube root of `p`."""
    f = lambda x, p: x - x**3 + p
    gradient = nde.implicit.ImplicitGradient(linear_solver)
    result = nde.implicit.derivative_result(f, 0.0, 0.0, linear_solver=linear_solver)
    assert result == code
    assert nde.implicit.derivative_result(f, 0.5, 0.125, linear_solver=linear_solver) == RESULTS.successful
    root = lambda p: fixed_point(f, 0.0, p, gradient=gradient).value
    words = "singular or nearly so" if code == RESULTS.singular_jacobian else "linear solver took"
    for derivative in (jax.grad(root), jax.jacfwd(root)):
        with pytest.raises(Exception, match=words):
            jax.block_until_ready(derivative(0.0))
    silent = lambda p: fixed_point(f, 0.0, p, gradient=gradient, throw=False).value
    jax.block_until_ready(jax.grad(silent)(0.0))
