"""Examples as data: the python blocks of pages and docstrings."""

import dataclasses
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nde
from docs._hooks.blocks import blocks_of, plots_of, run_blocks

ROOT = Path(__file__).parents[2]


@dataclasses.dataclass(frozen=True)
class Example:
    """Code, and where it stands.

    Attributes:
        name: Its name as a test.
        file: The file it stands in.
        blocks: The line before each block, and its code; they share a namespace.
    """

    name: str
    file: Path
    blocks: tuple[tuple[int, str], ...]

    def run(self) -> None:
        """Runs all blocks in order; a traceback points into the file."""
        run_blocks(self.blocks, str(self.file))


def pages() -> list[Path]:
    """Every page a reader may open."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def page_examples() -> list[Example]:
    """One example for each page that has code; pages that save plots are run by the build of the documentation."""
    texts = ((page, page.read_text(encoding="utf-8")) for page in pages())
    found = ((page, blocks_of(text)) for page, text in texts if not plots_of(text))
    return [Example(str(page.relative_to(ROOT)), page, blocks) for page, blocks in found if blocks]


def docstring_examples() -> list[Example]:
    """One example for each class, function and method of the package whose docstring has code."""
    examples = []
    for name, source, obj in documented():
        blocks = blocks_of(inspect.cleandoc(obj.__doc__ or ""))
        if blocks:
            before = source.read_text(encoding="utf-8").partition(obj.__doc__)[0].count("\n")
            examples.append(Example(name, source, tuple((before + line, code) for line, code in blocks)))
    return examples


def documented() -> Iterator[tuple[str, Path, Any]]:
    """Each class and function that the package defines, with their methods: full name, file, object."""
    for module in sorted(_modules(), key=lambda m: m.__name__):
        source = Path(module.__file__ or "")
        for name, obj in sorted(vars(module).items()):
            if getattr(obj, "__module__", None) != module.__name__:
                continue
            if inspect.isclass(obj):
                yield f"{module.__name__}.{name}", source, obj
                methods = ((n, getattr(obj, n)) for n in sorted(vars(obj)))
                yield from (
                    (f"{module.__name__}.{name}.{n}", source, method)
                    for n, method in methods
                    if inspect.isroutine(method) or isinstance(method, property)
                )
            elif inspect.isfunction(inspect.unwrap(obj)):
                yield f"{module.__name__}.{name}", source, obj


def _modules() -> Iterator[Any]:
    yield nde
    for info in pkgutil.walk_packages(nde.__path__, "nde."):
        if not info.name.endswith("__main__"):
            yield importlib.import_module(info.name)
