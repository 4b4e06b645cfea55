"""Attributes of a package that are imported at first use."""

import importlib
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from nde.core.extras import ROOMS, missing


def lazy_attributes(
    package: str, names: Mapping[str, str], aliases: Iterable[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The functions `__getattr__` and `__dir__` of a package whose rooms open at first use.

    `dir` lists what is public: not the floors and helpers that the package imports. It lists only rooms that can be
    opened, so that whoever visits all attributes, as `help` does, does not fail.

    Args:
        package: Its name; it has an `__all__`, and the rooms of `nde.core.extras.ROOMS`.
        names: Other attributes that are imported at first use, and the modules that hold them.
        aliases: Public names that are not in `__all__`, because their home is elsewhere.

    Returns:
        Both functions.
    """

    def get(name: str) -> Any:
        if name in ROOMS:
            return importlib.import_module(f"{package}.{name}")
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        attribute = getattr(importlib.import_module(names[name]), name)
        setattr(sys.modules[package], name, attribute)
        return attribute

    def list_names() -> list[str]:
        rooms = (room for room, modules in ROOMS.items() if not missing(*modules))
        module = sys.modules[package]
        special = (name for name in vars(module) if name.startswith("__"))
        return sorted({*special, *module.__all__, *names, *aliases, *rooms})

    return get, list_names
