"""Costs of a vector field, counted through all of JAX's control flow."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from nde.solve.cost import is_costly, is_elementwise, operations

N = 64
MATRIX = jnp.ones((N, N))
PRODUCT = 2 * N * N


def product(y):
    return MATRIX @ y


def custom_jvp(y):
    f = jax.custom_jvp(product)
    f.defjvp(lambda primals, tangents: (product(*primals), product(*tangents)))
    return f(y)


def custom_vjp(y):
    f = jax.custom_vjp(product)
    f.defvjp(lambda y: (product(y), None), lambda _, g: (product(g),))
    return f(y)


def custom_vmap(y):
    f = jax.custom_batching.custom_vmap(product)
    f.def_vmap(lambda size, batched, y: (jax.vmap(product)(y), True))
    return f(y)


def sharded(y):
    mesh = jax.make_mesh((1,), ("b",), axis_types=(jax.sharding.AxisType.Auto,))
    spec = jax.sharding.PartitionSpec()
    return jax.shard_map(product, mesh=mesh, in_specs=spec, out_specs=spec)(y)


def counted(y, start, stop, step):
    return jax.lax.while_loop(lambda c: c[0] < stop, lambda c: (c[0] + step, product(c[1])), (start, y))[1]


def backward(y):
    return jax.lax.while_loop(lambda c: c[0] > 0, lambda c: (c[0] - 3, product(c[1])), (8, y))[1]


ONCE = {
    "plain": product,
    "jit": jax.jit(product),
    "checkpoint": jax.checkpoint(product),
    "cond": lambda y: jax.lax.cond(y[0] > 0, product, lambda y: y, y),
    "cond the other way round": lambda y: jax.lax.cond(y[0] > 0, lambda y: y, product, y),
    "switch": lambda y: jax.lax.switch(jnp.int32(y[0]), [jnp.sin, product, lambda y: y], y),
    "cond in jit in cond": lambda y: jax.lax.cond(
        y[0] > 0, jax.jit(lambda y: jax.lax.cond(y[1] > 0, product, jnp.sin, y)), jnp.sin, y
    ),
    "custom_jvp": custom_jvp,
    "custom_vjp": custom_vjp,
    "custom_vmap": custom_vmap,
    "shard_map": sharded,
}
OFTEN = {
    "scan": (5, lambda y: jax.lax.scan(lambda y, _: (product(y), None), y, length=5)[0]),
    "scan of cond": (
        5,
        lambda y: jax.lax.scan(lambda y, _: (jax.lax.cond(y[0] > 0, product, jnp.sin, y), None), y, length=5)[0],
    ),
    "fori_loop": (7, lambda y: jax.lax.fori_loop(0, 7, lambda _, y: product(y), y)),
    "fori_loop lowered to while": (7, lambda y: jax.lax.fori_loop(2, jnp.int32(9), lambda _, y: product(y), y)),
    "fori_loop of scan": (
        6,
        lambda y: jax.lax.fori_loop(
            0, 2, lambda _, y: jax.lax.scan(lambda y, _: (product(y), None), y, length=3)[0], y
        ),
    ),
    "counter": (4, lambda y: counted(y, 0, 7, 2)),
    "counter down": (3, backward),
    "number of rounds not known": (16, lambda y: jax.lax.fori_loop(0, jnp.int32(y[0]), lambda _, y: product(y), y)),
    "end not known": (16, lambda y: jax.lax.while_loop(lambda y: y[0] > 1, product, y)),
    "step not known": (16, lambda y: counted(y, 0, 7, jnp.int32(y[0]))),
    "no round": (0, lambda y: jax.lax.fori_loop(3, jnp.int32(3), lambda _, y: product(y), y)),
}


def count(f):
    return operations(jax.make_jaxpr(f)(jnp.ones(N)).jaxpr)


@pytest.mark.parametrize("f", ONCE.values(), ids=ONCE)
def test_once(f):
    assert PRODUCT <= count(f) < PRODUCT + 8 * N


@pytest.mark.parametrize(("rounds", "f"), OFTEN.values(), ids=OFTEN)
def test_as_often_as_it_goes_round(rounds, f):
    assert rounds * PRODUCT <= count(f) < rounds * (PRODUCT + 8 * N) + 8 * N


def test_what_is_not_of_jax_is_endless():
    def f(y):
        return jax.pure_callback(np.sin, jax.ShapeDtypeStruct(y.shape, y.dtype), y)

    assert math.isinf(count(f))


@pytest.mark.parametrize(
    "f", [*ONCE.values(), *(f for rounds, f in OFTEN.values() if rounds)], ids=[*ONCE, *OFTEN][:-1]
)
def test_a_field_of_products_is_costly_and_apart(f):
    term, t, y = nde.ODETerm(lambda t, y, args: f(y)), jnp.asarray(0.0), jnp.ones(N)
    assert is_costly(term, t, y, None)
    assert not is_elementwise(term, t, y, None)


def test_a_product_in_a_branch_of_a_custom_rule_is_seen():
    """Where neither a loop nor a conditional shows at the top."""

    def hidden(y):
        f = jax.custom_jvp(lambda y: jax.jit(product)(y))
        f.defjvp(lambda primals, tangents: (f(*primals), f(*tangents)))
        return f(y)

    assert not is_elementwise(nde.ODETerm(lambda t, y, args: hidden(y)), jnp.asarray(0.0), jnp.ones(N), None)
    assert is_elementwise(nde.ODETerm(lambda t, y, args: jax.nn.relu(y)), jnp.asarray(0.0), jnp.ones(N), None)


def test_a_cheap_loop_is_cheap():
    def field(t, y, args):
        return -jax.lax.while_loop(lambda y: y > 2, lambda y: y / 2, y)

    assert not is_costly(nde.ODETerm(field), jnp.asarray(0.0), jnp.asarray(1.0), None)
