"""The derivative of what an equation defines, by the implicit function theorem."""

from collections.abc import Callable
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import PyTree

X = TypeVar("X")


def implicit_function(
    residual: Callable[[PyTree[Any], X], X], inputs: PyTree[Any], x: X, solve: Callable[[Callable[[X], X], X], X]
) -> X:
    """A root `x` of `residual(inputs, x) = 0`, with its derivative `dx/dp = -(∂F/∂x)^-1 ∂F/∂p` to the inputs.

    It does not depend on how the root was found: `x` itself is a constant. The rule is one of forward mode with a
    linear system. JAX transposes this, and differentiates it further: a second derivative follows the root, too.

    Args:
        residual: The function `F`; it captures nothing that is differentiated.
        inputs: What the root depends on.
        x: The root.
        solve: Takes the product with `∂F/∂x` and a right-hand side to the solution of the linear system; JAX can
            transpose and differentiate it.
    """
    return _root(inputs, jax.lax.stop_gradient(x), residual, solve)


@eqx.filter_custom_jvp
def _root(inputs: PyTree[Any], x: Any, residual: Callable[..., Any], solve: Callable[..., Any]) -> Any:
    del inputs, residual, solve
    return x


@_root.def_jvp
def _(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
    inputs, _, residual, solve = primals
    x = _root(*primals)  # not the number alone: a second derivative follows it
    _, change = eqx.filter_jvp(lambda inputs: residual(inputs, x), (inputs,), (tangents[0],))
    minus = jax.tree.map(lambda x, c: jnp.zeros_like(x) if c is None else -c, x, change)
    _, matvec = jax.linearize(lambda x: residual(inputs, x), x)
    return x, solve(matvec, minus)
