"""Every public name has an example and stands in the reference."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

import nde
from tests.docs.examples import ROOT, Example, blocks_of


def test_every_public_class_and_function_has_an_example():
    lacking = [name for name in nde.__all__ if callable(getattr(nde, name)) and not _has_example(name)]
    assert not lacking, f"these want a docstring with an `Example:` section that holds a python block: {lacking}"


def test_the_reference_lists_every_public_name_once():
    listed = [
        name
        for page in (ROOT / "docs" / "api").glob("*.md")
        for name in re.findall(r"^::: nde\.(\w+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    floors = {name for name in nde.__all__ if inspect.ismodule(getattr(nde, name))}
    assert sorted(listed) == sorted(set(nde.__all__) - {"__version__"} - floors)


@pytest.mark.parametrize("floor", ["data", "estimators", "losses", "metrics", "models", "nn", "train", "plot"])
def test_the_reference_lists_what_the_floors_export(floor: str):
    page = (ROOT / "docs" / "api" / f"{floor}.md").read_text(encoding="utf-8")
    listed = re.findall(rf"^::: nde\.{floor}\.(\w+)$", page, re.MULTILINE)
    module = importlib.import_module(f"nde.{floor}")
    assert sorted(listed) == sorted(name for name in module.__all__ if callable(getattr(module, name)))


def test_a_broken_example_fails_where_it_stands():
    page = "words\n\n```python\na = 1\n```\n\n- words\n\n    ```py\n    b = a + 1\n    c = b / 0\n    ```\n"
    with pytest.raises(ZeroDivisionError) as raised:
        Example("page", Path("page.md"), blocks_of(page)).run()
    assert raised.traceback[-1].lineno + 1 == page.splitlines().index("    c = b / 0") + 1


def _has_example(name: str) -> bool:
    before, _, section = (getattr(nde, name).__doc__ or "").partition("Example:")
    return bool(before.strip()) and bool(blocks_of(inspect.cleandoc(section)))
