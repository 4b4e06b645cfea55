"""Checks of the arguments of `quadratic_program`."""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array

from nde.core.describe import describe
from nde.implicit.quadratic.program import Program

_PLACE = "`quadratic_program`"


def program_of(P: Any, q: Any, A: Any, b: Any, G: Any, h: Any, lower: Any, upper: Any) -> Program:
    """The program that a user described, in one precision.

    Raises:
        TypeError: If an argument is no array of real numbers.
        ValueError: If shapes do not fit, or a constraint lacks its right-hand side.
    """
    given = {"P": P, "q": q, "A": A, "b": b, "G": G, "h": h, "lower": lower, "upper": upper}
    arrays = {name: _array(name, value) for name, value in given.items() if value is not None}
    for name in ("P", "q"):
        if name not in arrays:
            raise TypeError(f"{_PLACE} got `{name}=None`; expected an array.")
    dtype = _precision(arrays)
    arrays = {name: x.astype(dtype) for name, x in arrays.items()}
    q = arrays["q"]
    if q.ndim != 1:
        raise ValueError(f"{_PLACE} got `q` of shape {q.shape}; expected `(variables,)`. Use `jax.vmap` for many.")
    P = _curvature(arrays["P"], len(q))
    A, b = _constraints(arrays, "A", "b", len(q))
    G, h = _constraints(arrays, "G", "h", len(q))
    bounds = [_bound(name, arrays.get(name), len(q)) for name in ("lower", "upper")]
    if A is None or b is None:
        A, b = jnp.zeros((0, len(q)), dtype), jnp.zeros(0, dtype)
    return Program(P, q, A, b, G, h, *bounds)


def _array(name: str, value: Any) -> Array:
    try:
        x = jnp.asarray(value)
    except (TypeError, ValueError):
        raise TypeError(f"{_PLACE} got {describe(value)} as `{name}`; expected an array of numbers.") from None
    if jnp.issubdtype(x.dtype, jnp.complexfloating):
        raise TypeError(f"{_PLACE} got {describe(value)} as `{name}`; expected real numbers.")
    return x


def _precision(arrays: dict[str, Array]) -> Any:
    """The highest precision among the arrays, at least single; integers and Python's numbers have none."""
    floating = [x.dtype for x in arrays.values() if jnp.issubdtype(x.dtype, jnp.floating) and not x.weak_type]
    bits = max((jnp.finfo(dtype).bits for dtype in floating), default=0)
    if not floating:
        return jnp.zeros(0).dtype
    return jnp.float64 if bits == 64 else jnp.float32


def _curvature(P: Array, variables: int) -> Array:
    if P.shape not in ((variables,), (variables, variables)):
        raise ValueError(
            f"{_PLACE} got `P` of shape {P.shape} with `q` of shape {(variables,)}; expected "
            f"{(variables, variables)}, or the diagonal, {(variables,)}."
        )
    return P if P.ndim == 1 else (P + P.T) / 2


def _constraints(arrays: dict[str, Array], left: str, right: str, variables: int) -> tuple[Array | None, Array | None]:
    matrix, limits = arrays.get(left), arrays.get(right)
    if matrix is None and limits is None:
        return None, None
    if matrix is None or limits is None:
        absent, present = (left, right) if matrix is None else (right, left)
        raise ValueError(f"{_PLACE} got `{present}` without `{absent}`; pass both.")
    if matrix.ndim != 2 or matrix.shape[1] != variables or limits.shape != matrix.shape[:1]:
        raise ValueError(
            f"{_PLACE} got `{left}` of shape {matrix.shape} and `{right}` of shape {limits.shape} with {variables} "
            f"variables; expected `(constraints, {variables})` and `(constraints,)`."
        )
    return matrix, limits


def _bound(name: str, bound: Array | None, variables: int) -> Array | None:
    if bound is None:
        return None
    if bound.shape not in ((), (variables,)):
        raise ValueError(f"{_PLACE} got `{name}` of shape {bound.shape}; expected a number or {(variables,)}.")
    return jnp.broadcast_to(bound, (variables,))
