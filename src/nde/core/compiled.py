"""Public functions, compiled once for all calls with the same shapes."""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

import equinox as eqx
import jax
import numpy as np
from jaxtyping import PyTree

from nde.core.device import number_on_device
from nde.core.results import SolveError
from nde.core.tracing import inside_jit

P = ParamSpec("P")
R = TypeVar("R")

_ARRAYS = (jax.Array, float, complex)
_NUMPY = (np.ndarray, np.generic)
_ERROR_PREFIX = f"{SolveError.__name__}: "


def compiled(*, static: Sequence[str] = (), solves: bool = False) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a public function or method so that a second call with the same shapes does not compile again.

    JAX remembers what it compiled by the identity of functions. A function that makes closures for `jax.lax.scan` or
    a solve makes new ones in each call, and so compiles in each call, unless it is compiled as a whole.

    Arrays and numbers are traced, apart from integers inside modules. Flags, functions, strings and the structure
    of modules are compiled for. Inside a surrounding `jax.jit` or loop the function runs as it is, for that compiles
    it anyway. `jax.vmap` and `jax.grad` outside `jax.jit` batch and differentiate the compiled function.

    Args:
        static: Names of arguments that are compiled for: integers that are shapes or counts.
        solves: Whether the function solves a differential equation. Then a call waits for its result, as a solve
            does, and a failure comes as `SolveError`.
    """

    def decorate(fn: Callable[P, R]) -> Callable[P, R]:
        program = jax.jit(functools.partial(_call_traced, fn), static_argnums=0)
        places = frozenset(i for i, name in enumerate(inspect.signature(fn).parameters) if name in static)
        names = frozenset(static)

        @functools.wraps(fn)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            if inside_jit():
                return fn(*args, **kwargs)
            given = [_TracedInteger(x) if type(x) is int and i not in places else x for i, x in enumerate(args)]
            named = {n: _TracedInteger(x) if type(x) is int and n not in names else x for n, x in kwargs.items()}
            signature, arrays = _signature(given, named)
            if signature is None:
                return fn(*args, **kwargs)
            out, rest = _run_solve(program, signature, arrays) if solves else program(signature, arrays)
            return out if rest is None else eqx.combine(out, rest.value)

        return call

    return decorate


class _FrozenNumber:
    """A number that is compiled for."""

    __slots__ = ("value",)

    def __init__(self, value: float | complex) -> None:
        self.value = value

    def __hash__(self) -> int:
        return hash(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _FrozenNumber) and self.value == other.value


Frozen = PyTree[Any]
"""A pytree of which numbers are compiled for."""


def freeze(parts: PyTree[Any]) -> Frozen:
    """A pytree of which numbers are not traced by `compiled`, but compiled for."""
    if not any(isinstance(x, float | complex) for x in jax.tree.leaves(parts)):
        return parts
    return jax.tree.map(lambda x: _FrozenNumber(x) if isinstance(x, float | complex) else x, parts)


def unfreeze(parts: Frozen) -> PyTree[Any]:
    """The pytree that was frozen."""
    return jax.tree.map(lambda x: x.value if isinstance(x, _FrozenNumber) else x, parts)


class _TracedInteger:
    """An integer that is traced."""

    __slots__ = ("value",)

    def __init__(self, value: int) -> None:
        self.value = value


class _Signature:
    """What is compiled for: the structure of arguments, and their leaves, with `None` for those that are traced."""

    __slots__ = ("key", "leaves", "structure")

    def __init__(self, structure: Any, leaves: tuple[Any, ...]) -> None:
        self.structure, self.leaves = structure, leaves
        self.key = hash((structure, leaves))

    def __hash__(self) -> int:
        return self.key

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Signature)
            and self.key == other.key
            and self.structure == other.structure
            and self.leaves == other.leaves
        )


class _Static(eqx.Module):
    """What of a result is no array."""

    value: Any = eqx.field(static=True)


def _signature(args: list[Any], kwargs: dict[str, Any]) -> tuple[_Signature | None, list[Any]]:
    """The signature and what is traced; no signature if a part of it has no hash, by which it would be known again."""
    leaves, structure = jax.tree.flatten((args, kwargs))
    arrays, rest = [], []
    wide = jax.config.read("jax_enable_x64")
    for leaf in leaves:
        number = type(leaf) is _TracedInteger
        traced = number or _is_array(leaf)
        rest.append(None if traced else leaf)
        if traced:
            arrays.append(number_on_device(leaf, wide) if type(leaf) is float else leaf.value if number else leaf)
    try:
        return _Signature(structure, tuple(rest)), arrays
    except TypeError:
        return None, arrays


def _is_array(x: Any) -> bool:
    return isinstance(x, _ARRAYS) or (isinstance(x, _NUMPY) and x.dtype.kind not in "OSU")


def _call_traced(fn: Callable[..., Any], signature: _Signature, arrays: list[Any]) -> tuple[Any, _Static | None]:
    """The arrays of the function's result, and the rest of it."""
    given = iter(arrays)
    leaves = [next(given) if leaf is None else leaf for leaf in signature.leaves]
    args, kwargs = jax.tree.unflatten(signature.structure, leaves)
    out, rest = eqx.partition(fn(*args, **kwargs), _is_array)
    return out, _Static(rest) if jax.tree.leaves(rest) else None


def _run_solve(program: Callable[..., Any], signature: _Signature, arrays: list[Any]) -> Any:
    """The result once it is there.

    Raises:
        SolveError: If the solve failed, with its words.
    """
    try:
        return jax.block_until_ready(program(signature, arrays))
    except jax.errors.JaxRuntimeError as error:
        message = str(error)
        if _ERROR_PREFIX not in message:
            raise
        raise SolveError(message.split(_ERROR_PREFIX, 1)[1].split("\n", maxsplit=1)[0]) from None
