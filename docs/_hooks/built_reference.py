"""What the built reference shows of each public name."""

import importlib
import inspect
import re

import nde

ROOMS = ("data", "estimators", "implicit", "losses", "metrics", "models", "nn", "plot", "signatures", "train")
_HEADING = re.compile(r'<h2 id="(nde\.[\w.]+)"')
_DESCRIBED = ("Parameters:", "Attributes:")
_PRIVATE = re.compile(r'<h\d id="(nde\.[\w.]*\b_[a-z]\w*)"')


def public_objects() -> dict[str, object]:
    """Every public class and function by its full name."""
    rooms = [nde, *(importlib.import_module(f"nde.{room}") for room in ROOMS)]
    named = {f"{room.__name__}.{name}": getattr(room, name) for room in rooms for name in room.__all__}
    return {name: thing for name, thing in named.items() if inspect.isclass(thing) or inspect.isroutine(thing)}


def faults_of(pages: list[str], objects: dict[str, object]) -> list[str]:
    """What the pages lack of the objects, and what they show that is private."""
    entries = dict(entry for page in pages for entry in _entries(page))
    lacking = (fault for name, thing in objects.items() for fault in _lacking(name, thing, entries.get(name)))
    return [*lacking, *(f"{name} is private" for page in pages for name in _PRIVATE.findall(page))]


def _entries(page: str) -> list[tuple[str, str]]:
    """The name and HTML of each entry of a page."""
    starts = list(_HEADING.finditer(page))
    ends = [*(start.start() for start in starts), len(page)][1:]
    return [(start[1], page[start.start() : end]) for start, end in zip(starts, ends, strict=True)]


def _lacking(name: str, thing: object, entry: str | None) -> list[str]:
    if entry is None:
        return [f"{name} has no entry"]
    parts = {
        "signature": "doc-signature" in entry or _is_exception(thing),
        "example": any(shown in entry.partition("Example")[2] for shown in ("<pre", "See ")),
        "description of its parameters": not _parameters(thing) or any(title in entry for title in _DESCRIBED),
    }
    return [f"{name} has no {part}" for part, there in parts.items() if not there]


def _parameters(thing: object) -> list[str]:
    if _is_exception(thing) or (inspect.isclass(thing) and thing.__init__ is object.__init__):
        return []
    parameters = inspect.signature(thing).parameters.values()
    return [each.name for each in parameters if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)]


def _is_exception(thing: object) -> bool:
    return inspect.isclass(thing) and issubclass(thing, Exception)
