"""Values that are computed once and kept in memory, however many kernels use them."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import PyTree

from nde.core import tree
from nde.core.lanes import any_lane
from nde.core.types import Time


def materialize(make: Callable[[], PyTree[Any]], t: Time) -> PyTree[Any]:
    """`make()`, held in memory for all who use it.

    XLA computes an elementwise value again in each kernel that uses it, on a CPU also across its own optimization
    barrier, however much a normal number costs. A loop of a single iteration it does not see through, if it cannot
    know that there is one: here because a time might not be a number.

    Args:
        make: Makes the value.
        t: A time that is not known when compiling; if it is not a number, all is zero.
    """
    shapes = jax.eval_shape(make)
    start = (any_lane(~jnp.isnan(t)), tree.zeros_like(shapes))
    return jax.lax.while_loop(lambda c: c[0], lambda _: (jnp.zeros((), bool), make()), start)[1]
