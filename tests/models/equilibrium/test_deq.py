"""The layer: its equilibrium, its gradient, batches, warm starts and errors."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from nde.models import DEQ, InjectedMap, VectorDEQ
from tests.laws.compiling import quick_jit
from tests.solve.conftest import as_users_call_it, x64

__all__ = ["as_users_call_it", "x64"]

SIZE = 5


class Affine(eqx.Module):
    """The map `z -> A z + x`."""

    a: Any

    def __call__(self, z: Any, x: Any) -> Any:
        return self.a @ z + x


def matrix(norm: float = 0.8) -> np.ndarray:
    a = np.random.default_rng(0).normal(size=(SIZE, SIZE))
    return norm * a / np.linalg.norm(a, 2)


def inputs(count: int = 3) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(count, SIZE))


def tanh_layer(**options: Any) -> DEQ:
    weight = eqx.nn.Linear(SIZE, SIZE, use_bias=False, key=jax.random.key(0))
    weight = eqx.tree_at(lambda w: w.weight, weight, 3 * weight.weight)
    return DEQ(InjectedMap(nde.nn.bounded_norms(weight, 0.9), jnp.tanh), SIZE, rtol=1e-6, **options)


@pytest.mark.usefixtures("x64")
def test_a_linear_map_against_its_inverse():
    """`z = (I - A)^-1 x`, and the gradient of `c z` to `A` is `(I - A)^-T c z^T`."""
    a, x, c = matrix(), inputs(1)[0], np.arange(1.0, SIZE + 1)
    inverse = np.linalg.inv(np.eye(SIZE) - a)
    layer = DEQ(Affine(jnp.asarray(a)), SIZE, rtol=1e-12, atol=0.0)

    def loss(a: Any) -> Any:
        z = eqx.tree_at(lambda layer: layer.f.a, layer, a)(jnp.asarray(x))
        return jnp.dot(jnp.asarray(c), z), z

    (_, z), slope = quick_jit(jax.value_and_grad(loss, has_aux=True))(jnp.asarray(a))
    np.testing.assert_allclose(z, inverse @ x, rtol=1e-9)
    np.testing.assert_allclose(slope, np.outer(inverse.T @ c, inverse @ x), rtol=1e-7)


def test_a_batch_is_a_loop_and_a_vmap():
    layer, xs = tanh_layer(), jnp.asarray(inputs(), jnp.float32) * jnp.array([[0.0], [1.0], [5.0]])
    together, lanes = layer.solve(xs, batched=True), jax.vmap(layer.solve)(xs)
    for i, x in enumerate(xs):
        alone = layer.solve(x)
        for other in (together, lanes):
            np.testing.assert_allclose(other.value[i], alone.value, atol=1e-6)
            assert other.stats["num_steps"][i] == alone.stats["num_steps"]
    np.testing.assert_array_equal(layer(xs, batched=True), together.value)
    assert len(set(map(int, together.stats["num_steps"]))) > 1


def test_a_warm_start_needs_no_step():
    layer, xs = tanh_layer(), jnp.asarray(inputs(), jnp.float32)
    cold = layer.solve(xs, batched=True)
    warm = layer.solve(xs, cold.value, batched=True)
    near = layer.solve(xs + 1e-3, cold.value, batched=True)
    assert int(warm.stats["num_steps"].max()) == 0
    assert bool(jnp.all(near.stats["num_steps"] < cold.stats["num_steps"]))


def test_more_applications_reach_the_same_equilibrium_in_fewer_steps():
    x = jnp.asarray(inputs(1)[0], jnp.float32)
    once, thrice = (tanh_layer(solver=nde.implicit.Picard(), applications=n).solve(x) for n in (1, 3))
    np.testing.assert_allclose(once.value, thrice.value, atol=1e-5)
    assert int(thrice.stats["num_steps"]) < int(once.stats["num_steps"]) / 2


def test_a_state_of_several_parts_from_a_function():
    layer = DEQ(lambda z, x: {"a": 0.5 * z["b"] + x, "b": 0.5 * z["a"]}, lambda x: {"a": x, "b": jnp.zeros_like(x)})
    z = layer(jnp.array([3.0, 6.0]))
    np.testing.assert_allclose(z["a"], [4.0, 8.0], rtol=1e-3)
    np.testing.assert_allclose(z["b"], [2.0, 4.0], rtol=1e-3)


@pytest.mark.usefixtures("x64")
def test_it_is_the_steady_state_of_a_neural_ode():
    """`dz/dt = f(z, x) - z` comes to rest at the equilibrium, with the same gradient."""
    x = jnp.asarray(inputs(1)[0])
    options = {"rtol": 1e-10, "atol": 1e-10}
    layer = eqx.tree_at(lambda l: (l.rtol, l.atol), tanh_layer(), (1e-10, 0.0))
    weights, rest = eqx.partition(layer, eqx.is_inexact_array)

    def by_layer(weights: Any, x: Any) -> Any:
        return eqx.combine(weights, rest)(x)

    def by_time(weights: Any, x: Any) -> Any:
        step = eqx.combine(weights, rest).step
        term = nde.ODETerm(lambda t, z, x: step(z, x) - z)
        return nde.diffeqsolve(
            term,
            nde.Tsit5(),
            0.0,
            1000.0,
            None,
            jnp.zeros(SIZE),
            args=x,
            stepsize_controller=nde.PIDController(**options),
            event=nde.steady_state(**options),
            adjoint=nde.ImplicitAdjoint(),
        ).ys[0]

    results = []
    for find in (by_layer, by_time):
        squares = lambda w, x, find=find: (jnp.sum(find(w, x) ** 2), find(w, x))
        (_, z), slopes = quick_jit(jax.value_and_grad(squares, argnums=(0, 1), has_aux=True))(weights, x)
        results.append([z, *jax.tree.leaves(slopes)])
    assert len(results[0]) == 3
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-8)


def test_memory_of_a_gradient_does_not_grow_with_steps():
    def weighed(max_steps: int) -> int:
        layer = tanh_layer(max_steps=max_steps)
        return nde.compiled_memory(jax.grad(lambda x: jnp.sum(layer(x))), jnp.ones(SIZE))

    assert weighed(10) == weighed(300)


def test_a_map_that_does_not_contract_says_what_to_try():
    expanding = DEQ(lambda z, x: 3 * z + x, 2, solver=nde.implicit.Picard())
    with pytest.raises(nde.SolveError, match=r"diverged.*damped.*regularized"):
        expanding(jnp.ones(2))
    silent = DEQ(lambda z, x: 3 * z + x, 2, solver=nde.implicit.Picard(), throw=False)
    assert silent.solve(jnp.ones(2)).result == nde.RESULTS.diverged


@pytest.mark.usefixtures("as_users_call_it")
@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (lambda: DEQ(lambda z, x: z[:2], 3)(1.0), ValueError, r"has the shape \(2,\) for a state of shape \(3,\)"),
        (lambda: DEQ(lambda z, x: (z, z), 3)(1.0), ValueError, "Change `f`, or pass the shape"),
        (lambda: DEQ(None, 3), TypeError, "got `None` as its function"),
        (lambda: DEQ(jnp.add, "three"), TypeError, "as `state`; expected its size"),
        (lambda: DEQ(jnp.add, (2, 0)), ValueError, "expected positive sizes"),
        (lambda: DEQ(jnp.add, 3, applications=0), ValueError, "applications=0"),
        (lambda: DEQ(jnp.add, 3, max_steps=0), ValueError, "max_steps=0"),
        (lambda: DEQ(jnp.add, 3, solver=nde.Euler()), TypeError, "as `solver`"),
        (lambda: DEQ(jnp.add, 3, gradient=None), TypeError, "as `gradient`"),
        (lambda: VectorDEQ(2, 0, 1, key=jax.random.key(0)), ValueError, "hidden_size=0"),
        (lambda: VectorDEQ(2, 3, 1, dropout=1.0, key=jax.random.key(0)), ValueError, "dropout=1.0"),
        (lambda: VectorDEQ(2, 3, 1, bound=0.0, key=jax.random.key(0)), ValueError, "bound=0.0"),
    ],
)
def test_bad_arguments(make: Any, error: type[Exception], match: str):
    with pytest.raises(error, match=match):
        make()


MODELS = {
    "vector": lambda key: (nde.models.VectorDEQ(3, 6, 2, key=key), jnp.array([0.5, -1.0, 2.0])),
    "monotone": lambda key: (nde.models.MonotoneDEQ(3, 6, 2, key=key), jnp.array([0.5, -1.0, 2.0])),
}


@pytest.mark.parametrize("name", MODELS)
def test_models_have_forward_mode_and_second_derivatives_outside_of_jit(name: str):
    """And so does the whole model, with the numbers of its solvers."""
    model, x = MODELS[name](jax.random.key(0))
    slopes = jax.jacrev(model)(x)
    np.testing.assert_allclose(jax.jacfwd(model)(x), slopes, atol=1e-3)
    np.testing.assert_allclose(jax.jvp(model, (x,), (x,))[1], slopes @ x, atol=1e-3)
    assert jax.hessian(lambda x: model(x).sum())(x).shape == (3, 3)
    jax.tree.map(lambda slope, leaf: np.testing.assert_equal(np.shape(slope), np.shape(leaf)), _slopes(model, x), model)


def _slopes(model: Any, x: jax.Array) -> Any:
    return jax.grad(lambda model: model(x).sum())(model)


def test_a_start_of_another_shape_is_refused():
    model, x = MODELS["vector"](jax.random.key(0))
    with pytest.raises(ValueError, match=r"`DEQ` got a `z0` of shape \(7,\) for a state of shape \(6,\)"):
        model(x, jnp.ones(7))
    with pytest.raises(ValueError, match=r"`z0` of shape \(6,\) for a state of shape \(2, 6\)"):
        model(jnp.stack([x, x]), jnp.ones(6), batched=True)
