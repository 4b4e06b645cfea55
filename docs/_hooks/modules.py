"""Shows how an Equinox module is called: its fields are the parameters of an `__init__` that nobody writes."""

from collections.abc import Iterator
from typing import Any

import griffe


class EquinoxModules(griffe.Extension):
    """Adds the `__init__` that `equinox.Module` makes to the classes of a package."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Called once the package is read."""
        lineages = [[cls, *cls.mro()] for cls in _classes(pkg)]
        for lineage in [each for each in lineages if _inits_by_fields(each)]:
            lineage[0].set_member("__init__", _init(lineage))


def _classes(place: griffe.Module | griffe.Class) -> Iterator[griffe.Class]:
    for member in place.members.values():
        if isinstance(member, griffe.Class):
            yield member
        if isinstance(member, griffe.Module | griffe.Class):
            yield from _classes(member)


def _inits_by_fields(lineage: list[griffe.Class]) -> bool:
    bases = [getattr(base, "canonical_path", base) for cls in lineage for base in cls.bases]
    return "equinox.Module" in bases and not any("__init__" in cls.members for cls in lineage)


def _init(lineage: list[griffe.Class]) -> griffe.Function:
    fields = {
        name: griffe.Parameter(
            name,
            annotation=field.annotation,
            kind=griffe.ParameterKind.positional_or_keyword,
            default=_default(field.value),
        )
        for cls in reversed(lineage)
        for name, field in cls.members.items()
        if _is_field(field)
    }
    this = griffe.Parameter("self", kind=griffe.ParameterKind.positional_or_keyword)
    return griffe.Function("__init__", parameters=griffe.Parameters(this, *fields.values()), returns="None")


def _is_field(member: Any) -> bool:
    if not isinstance(member, griffe.Attribute) or "property" in member.labels:
        return False
    return "instance-attribute" in member.labels and "AbstractVar" not in str(member.annotation)


def _default(value: Any) -> Any:
    """The default of a field; inside `eqx.field(...)` it is an argument."""
    if not isinstance(value, griffe.ExprCall) or not str(value.function).endswith("field"):
        return value
    keywords = [a for a in value.arguments if isinstance(a, griffe.ExprKeyword) and a.name == "default"]
    return keywords[0].value if keywords else None
