"""The methods that objects are made of."""

import dataclasses
import functools
import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Method = Any
"""A class or function of the library."""


def methods_in(objects: Iterable[Any]) -> list[Method]:
    """The classes and functions of the library in objects and in what these hold, each once, in order."""
    seen: dict[int, Any] = {}
    return list(dict.fromkeys(method for each in objects for method in _methods(each, seen)))


def _methods(x: Any, seen: dict[int, Any]) -> Iterator[Method]:
    if id(x) in seen:
        return
    seen[id(x)] = x  # what is held keeps its number
    method = x if inspect.isclass(x) or inspect.isroutine(x) else type(x)
    if _is_ours(method):
        yield method
    for part in _parts(x):
        yield from _methods(part, seen)


def _is_ours(method: Method) -> bool:
    """Whether a class or function is of the library, or a class derived from one that is."""
    lineage = method.__mro__ if inspect.isclass(method) else (method,)
    return any(str(getattr(each, "__module__", "")).partition(".")[0] == "nde" for each in lineage)


def _parts(x: Any) -> Iterable[Any]:
    """What an object holds: the items of a container, the fields of a module, the attributes of an estimator."""
    if isinstance(x, Mapping):
        return x.values()
    if isinstance(x, list | tuple | set | frozenset):
        return x
    if isinstance(x, functools.partial):
        return (x.func, x.args, x.keywords)
    if inspect.isclass(x) or inspect.isroutine(x):
        return ()
    return getattr(x, "__dict__", {}).values() if dataclasses.is_dataclass(x) or _is_ours(type(x)) else ()
