"""Whether JAX traces what is computed here."""

import jax.numpy as jnp
from jax.core import ShapedArray, Tracer
from jax.extend.core import Primitive, get_opaque_trace_state
from jax.interpreters import mlir

_NOTHING_TRACED = get_opaque_trace_state()


def under_transformation() -> bool:
    """Whether JAX traces what is computed here: under `jax.jit`, `jax.vmap`, `jax.grad` or the like."""
    return get_opaque_trace_state() != _NOTHING_TRACED


def inside_jit() -> bool:
    """Whether a surrounding `jax.jit` or loop traces what is computed here."""
    return under_transformation() and isinstance(_nothing.bind(), Tracer)


_nothing = Primitive("nothing")
"""Is run where it stands or becomes part of a program, as anything else would, and costs next to nothing."""
_nothing.def_impl(lambda: False)
_nothing.def_abstract_eval(lambda: ShapedArray((), jnp.bool_))
mlir.register_lowering(_nothing, mlir.lower_fun(lambda: jnp.zeros((), jnp.bool_), multiple_results=False))
