"""Attributes of a package that are imported at first use."""

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any

from nde.core.extras import ROOMS, missing


def lazy_attributes(package: str, names: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The functions `__getattr__` and `__dir__` of a package whose rooms open at first use.

    `dir` lists only rooms that can be opened, so that whoever visits all attributes, as `help` does, does not fail.

    Args:
        package: Its name; it has the rooms of `nde.core.extras.ROOMS`.
        names: Other attributes that are imported at first use, and the modules that hold them.

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
        return sorted({*vars(sys.modules[package]), *names, *rooms})

    return get, list_names
