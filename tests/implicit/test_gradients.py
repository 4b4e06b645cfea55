"""The derivatives of fixed points against differences, the implicit function theorem in NumPy, and each other."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from tests.implicit.problems import SIZE, arguments, equilibrium, layer, offset, weights
from tests.laws.compiling import quick_jit

pytestmark = pytest.mark.usefixtures("x64")

TIGHT: dict[str, Any] = {"rtol": 1e-13, "atol": 0.0, "max_steps": 80}
EXACT: dict[str, dict[str, Any]] = {
    "GMRES": {"gradient": nde.implicit.ImplicitGradient(nde.implicit.GMRES(rtol=1e-12))},
    "GMRES, restarted": {"gradient": nde.implicit.ImplicitGradient(nde.implicit.GMRES(rtol=1e-12, restart=3))},
    "Dense": {"gradient": nde.implicit.ImplicitGradient(nde.implicit.Dense())},
    "Anderson": {"gradient": nde.implicit.ImplicitGradient(nde.implicit.LinearFixedPoint(rtol=1e-12))},
    "Picard": {
        "gradient": nde.implicit.ImplicitGradient(nde.implicit.LinearFixedPoint(nde.implicit.Picard(), rtol=1e-12))
    },
    "unrolled": {"gradient": nde.implicit.UnrolledGradient()},
    "unrolled Picard": {"gradient": nde.implicit.UnrolledGradient(), "solver": nde.implicit.Picard()},
    "phantom, many steps": {"gradient": nde.implicit.PhantomGradient(steps=60, damping=1.0)},
}
COTANGENT = np.random.default_rng(2).normal(size=SIZE)


def readout(args: Any, x0: Any = None, **options: Any) -> jax.Array:
    """A nonlinear function of the fixed point."""
    start = jnp.zeros(SIZE) if x0 is None else x0
    value = nde.implicit.fixed_point(layer, start, args, **{**TIGHT, **options}).value
    return jnp.sum(jnp.asarray(COTANGENT) * value + value**2)


def numpy_readout(w: np.ndarray, b: np.ndarray) -> float:
    x = equilibrium()
    for _ in range(400):
        x = np.tanh(w @ x + b)
    return float(np.sum(COTANGENT * x + x**2))


def direction() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(3)
    return generator.normal(size=(SIZE, SIZE)), generator.normal(size=SIZE)


def difference(f: Any, eps: float) -> float:
    dw, db = direction()
    at = lambda s: f(weights() + s * dw, offset() + s * db)
    return (8 * (at(eps) - at(-eps)) - (at(2 * eps) - at(-2 * eps))) / (12 * eps)


@pytest.mark.parametrize("options", EXACT.values(), ids=EXACT)
def test_both_modes_agree_with_differences(options: Any) -> None:
    expected = difference(numpy_readout, 1e-3)
    f = lambda args: readout(args, **options)
    tangents = jax.tree.map(jnp.asarray, direction())
    forward = quick_jit(lambda args: jax.jvp(f, (args,), (tangents,))[1])(arguments())
    gradient = quick_jit(jax.grad(f))(arguments())
    reverse = sum(jnp.vdot(g, t) for g, t in zip(gradient, tangents, strict=True))
    np.testing.assert_allclose(forward, expected, rtol=1e-8)
    np.testing.assert_allclose(reverse, expected, rtol=1e-8)


@pytest.mark.parametrize("name", ["GMRES", "Dense", "Anderson", "unrolled Picard"])
def test_hessians_are_symmetric_and_agree_with_differences(name: str) -> None:
    f = lambda b: readout((jnp.asarray(weights()), b), **EXACT[name])
    b, eps = jnp.asarray(offset()), 1e-4
    slope = quick_jit(jax.grad(f))
    columns = [(slope(b + eps * e) - slope(b - eps * e)) / (2 * eps) for e in jnp.eye(SIZE)]
    ways = (jax.hessian,) if name == "Anderson" else (jax.hessian, lambda f: jax.jacrev(jax.grad(f)))
    for way in ways:
        found = quick_jit(way(f))(b)
        np.testing.assert_allclose(found, np.stack(columns, axis=1), atol=2e-6)
        np.testing.assert_allclose(found, found.T, atol=1e-8)


def test_the_reversible_gradient_is_that_of_all_its_steps() -> None:
    """Also to the start, when the iteration ends before it converges; and forward mode over it."""
    options: dict[str, Any] = {"solver": nde.implicit.ReversiblePicard(), "rtol": 1e-3, "max_steps": 30}
    x0, args = jnp.full(SIZE, 0.3), arguments()
    total = lambda gradient: lambda args, x0: readout(args, x0, **options, gradient=gradient)
    kinds = (nde.implicit.ReversibleGradient(), nde.implicit.UnrolledGradient())
    undone, unrolled = (quick_jit(jax.grad(total(kind), argnums=(0, 1)))(args, x0) for kind in kinds)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-11), undone, unrolled)
    assert np.linalg.norm(undone[1]) > 1e-6
    over = [quick_jit(jax.jacfwd(jax.grad(total(kind), argnums=1), argnums=1))(args, x0) for kind in kinds]
    np.testing.assert_allclose(*over, atol=1e-9)


def test_the_reversible_gradient_of_an_iteration_that_is_cut_short() -> None:
    options: dict[str, Any] = {"solver": nde.implicit.ReversiblePicard(), "rtol": 1e-14, "max_steps": 4, "throw": False}
    kinds = (nde.implicit.ReversibleGradient(), nde.implicit.UnrolledGradient())
    found = [
        quick_jit(jax.grad(lambda a, kind=kind: readout(a, **options, gradient=kind)))(arguments()) for kind in kinds
    ]
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-13), *found)


def test_the_reversible_gradient_of_many_steps_is_not_lost_in_rounding() -> None:
    """Some 150 steps, each of which doubles rounding errors when it is undone: `2^150` times `1e-16`."""
    slow = lambda x, a: a[0] * jnp.sin(x) + a[1]

    def final(args: Any, gradient: Any) -> jax.Array:
        options: dict[str, Any] = {"solver": nde.implicit.ReversiblePicard(), "rtol": 1e-8, "max_steps": 300}
        sol = nde.implicit.fixed_point(slow, 0.0, args, gradient=gradient, **options)
        return sol.value + 0.0 * eqx.error_if(sol.value, sol.stats["num_steps"] < 120, "too few steps")

    args = (jnp.asarray(0.9), jnp.asarray(0.01))
    kinds = (nde.implicit.ReversibleGradient(), nde.implicit.UnrolledGradient())
    undone, unrolled = (quick_jit(jax.grad(lambda a, kind=kind: final(a, kind)))(args) for kind in kinds)
    np.testing.assert_allclose(undone, unrolled, rtol=1e-7)


def test_memory_of_the_reversible_gradient_does_not_know_the_steps() -> None:
    def bytes_of(gradient: Any, max_steps: int) -> int:
        options: dict[str, Any] = {"solver": nde.implicit.ReversiblePicard(), "gradient": gradient, "throw": False}
        f = lambda args: readout(args, **{**options, "max_steps": max_steps})
        return nde.compiled_memory(jax.grad(f), arguments())

    undone = nde.implicit.ReversibleGradient()
    assert bytes_of(undone, 2000) <= 1.05 * bytes_of(undone, 20)
    assert bytes_of(nde.implicit.UnrolledGradient(), 2000) > 10 * bytes_of(nde.implicit.UnrolledGradient(), 20)


def test_truncated_gradients_are_what_they_say() -> None:
    """A Neumann series: `sum over i < k of c^T (λ J + (1 - λ) I)^i λ ∂f`, of `c = ∇readout`."""
    x = equilibrium()
    slope = np.diag(1 - x**2)
    jacobian, cotangent = slope @ weights(), COTANGENT + 2 * x
    for gradient, steps, damping in (
        (nde.implicit.OneStepGradient(), 1, 1.0),
        (nde.implicit.PhantomGradient(3, 0.6), 3, 0.6),
    ):
        mixed = damping * jacobian + (1 - damping) * np.eye(SIZE)
        series = sum(np.linalg.matrix_power(mixed, i) for i in range(steps)) * damping
        expected = cotangent @ series @ slope
        f = lambda b, gradient=gradient: readout((jnp.asarray(weights()), b), gradient=gradient)
        np.testing.assert_allclose(quick_jit(jax.grad(f))(jnp.asarray(offset())), expected, rtol=1e-9)


def test_no_gradient_changes_the_value_and_captured_weights_have_one() -> None:
    w, b = arguments()
    kinds = (
        nde.implicit.ImplicitGradient(),
        nde.implicit.OneStepGradient(),
        nde.implicit.PhantomGradient(),
        nde.implicit.UnrolledGradient(),
    )

    def captured(w: Any, gradient: Any) -> jax.Array:
        return nde.implicit.fixed_point(lambda x, b: jnp.tanh(w @ x + b), jnp.zeros(SIZE), b, gradient=gradient).value

    values = [quick_jit(lambda w, kind=kind: captured(w, kind))(w) for kind in kinds]
    for value in values[1:]:
        np.testing.assert_array_equal(value, values[0])
    slopes = quick_jit(jax.jacfwd(lambda w: captured(w, nde.implicit.ImplicitGradient())))(w)
    assert float(jnp.abs(slopes).max()) > 0.1


@pytest.mark.parametrize(
    "options",
    [EXACT["GMRES"], {"solver": nde.implicit.ReversiblePicard(), "gradient": nde.implicit.ReversibleGradient()}],
    ids=["implicit", "reversible"],
)
def test_gradients_of_a_batch_are_those_of_its_members(options: Any) -> None:
    """By `vmap` in both orders, by `batched=True`, and one by one; the weights are shared."""
    w, b = arguments()
    offsets = jnp.stack([b, -0.5 * b, 2.0 * b])
    options = {**options, "rtol": 1e-7, "atol": 0.0, "max_steps": 80}
    one = lambda w, b: jnp.sum(nde.implicit.fixed_point(layer, jnp.zeros(SIZE), (w, b), **options).value ** 3)
    batch = lambda x, args: jnp.tanh(x @ args[0].T + args[1])

    def members(w: Any, offsets: Any) -> jax.Array:
        start = jnp.zeros((3, SIZE))
        return jnp.sum(nde.implicit.fixed_point(batch, start, (w, offsets), batched=True, **options).value ** 3)

    each = [quick_jit(jax.grad(one, argnums=(0, 1)))(w, b) for b in offsets]
    to_w, to_b = sum(g[0] for g in each), jnp.stack([g[1] for g in each])
    lanes = lambda w, offsets: jnp.sum(jax.vmap(one, in_axes=(None, 0))(w, offsets))
    for f in (lanes, members):
        found = quick_jit(jax.grad(f, argnums=(0, 1)))(w, offsets)
        np.testing.assert_allclose(found[0], to_w, atol=5e-8)
        np.testing.assert_allclose(found[1], to_b, atol=5e-8)
    apart = quick_jit(jax.vmap(jax.grad(one), in_axes=(None, 0)))(w, offsets)
    np.testing.assert_allclose(apart, jnp.stack([g[0] for g in each]), atol=5e-8)
