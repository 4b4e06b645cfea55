"""Functions traced once: what they captured differentiates, what is no array stays."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nde.core.closure import closure_convert


def test_a_closed_function_is_traced_once_and_gives_the_same():
    traced = []

    def field(t, y, args):
        traced.append(t)
        return {"slope": args["gain"] * jnp.sin(t) * y, "name": args["name"]}

    given = (jnp.asarray(0.3), jnp.asarray([1.0, 2.0]), {"gain": jnp.asarray(3.0), "name": "spin"})
    program = closure_convert(field, *given)
    out = [program(t, 2 * given[1], given[2]) for t in (jnp.asarray(0.1), jnp.asarray(0.7))]
    assert len(traced) == 1
    assert out[0]["name"] == "spin"
    np.testing.assert_allclose(out[1]["slope"], 3.0 * np.sin(0.7) * np.array([2.0, 4.0]), rtol=1e-6)


def test_numpy_arrays_may_be_captured():
    weight = np.arange(3.0)
    program = closure_convert(lambda y: weight * y, jnp.asarray(2.0))
    np.testing.assert_allclose(program(jnp.asarray(2.0)), [0.0, 2.0, 4.0])


def test_derivatives_flow_to_what_was_captured():
    def of_captured(weight):
        program = closure_convert(lambda y: weight**2 * y, jnp.asarray(1.0))
        return program(jnp.asarray(5.0))

    np.testing.assert_allclose(jax.jit(jax.grad(of_captured))(jnp.asarray(3.0)), 30.0)
    np.testing.assert_allclose(jax.jvp(of_captured, (3.0,), (1.0,))[1], 30.0)


def test_arguments_of_another_structure():
    f = closure_convert(lambda x, args: x * args["a"], jnp.ones(2), {"a": 2.0})
    np.testing.assert_array_equal(f(jnp.ones(2), {"a": 2.0}), [2.0, 2.0])
    np.testing.assert_array_equal(f(jnp.ones(2), {"a": jnp.asarray(2.0)}), [2.0, 2.0])
    with pytest.raises(ValueError, match="arguments of 3 leaves"):
        f(jnp.ones(2), {"a": 2.0, "b": 1.0})
