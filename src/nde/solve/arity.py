"""Functions of `(t, y)` as functions of `(t, y, args)`."""

import inspect
from collections.abc import Callable
from typing import Any

import equinox as eqx
from jaxtyping import PyTree

from nde.core.describe import describe
from nde.core.types import Args, RealScalar, Y


def with_args(f: Callable[..., PyTree[Any]]) -> Callable[..., PyTree[Any]]:
    """The function as one of `(t, y, args)`, whether it takes `args` or not.

    Raises:
        TypeError: If it is no function.
    """
    if not callable(f):
        raise TypeError(f"Got {describe(f)} as a vector field; expected a function `(t, y)` or `(t, y, args)`.")
    return f if _takes_args(f) else _WithoutArgs(f)


def _takes_args(f: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return True
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    required = [p for p in parameters if p.kind in kinds and p.default is inspect.Parameter.empty]
    return len(required) != 2 or any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters)


class _WithoutArgs(eqx.Module):
    """A vector field `(t, y)` as one of `(t, y, args)`; equal for equal functions, so that nothing compiles anew."""

    f: Callable[..., PyTree[Any]]

    def __call__(self, t: RealScalar, y: Y, args: Args) -> PyTree[Any]:
        del args
        return self.f(t, y)
