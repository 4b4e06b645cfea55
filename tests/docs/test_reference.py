"""Every public name has an example and stands in the reference."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

import nde
from docs._hooks.built_reference import ROOMS, faults_of
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
    assert sorted(listed) == sorted(set(nde.__all__) - {"__version__"} - floors - set(nde.signatures.__all__))


@pytest.mark.parametrize("floor", ROOMS)
def test_the_reference_lists_what_the_floors_export(floor: str):
    page = (ROOT / "docs" / "api" / f"{floor}.md").read_text(encoding="utf-8")
    listed = re.findall(rf"^::: nde\.{floor}\.(\w+)$", page, re.MULTILINE)
    module = importlib.import_module(f"nde.{floor}")
    assert sorted(listed) == sorted(name for name in module.__all__ if callable(getattr(module, name)))


ENTRY = """
<h2 id="nde.odeint" class="doc doc-heading">odeint</h2>
<div class="doc-signature highlight"><pre><code>odeint(f, y0)</code></pre></div>
<span class="doc-section-title">Parameters:</span> f, y0
<details class="example"><summary>Example</summary><pre>nde.odeint(f, 1.0)</pre></details>
"""


def test_an_entry_with_signature_parameters_and_example_is_whole():
    assert faults_of(["<p>Solve</p>" + ENTRY], {"nde.odeint": nde.odeint}) == []


@pytest.mark.parametrize(
    ("cut", "fault"),
    [
        ('<h2 id="nde.odeint"', "nde.odeint has no entry"),
        ("doc-signature", "nde.odeint has no signature"),
        ("Parameters:", "nde.odeint has no description of its parameters"),
        ("Example", "nde.odeint has no example"),
    ],
)
def test_the_built_reference_is_searched_for_what_it_lacks(cut: str, fault: str):
    assert faults_of([ENTRY.replace(cut, "")], {"nde.odeint": nde.odeint}) == [fault]


def test_the_built_reference_is_searched_for_private_members():
    page = ENTRY + '<h3 id="nde.SaveAt._fold" class="doc">_fold</h3>'
    assert faults_of([page], {"nde.odeint": nde.odeint}) == ["nde.SaveAt._fold is private"]


def test_a_broken_example_fails_where_it_stands():
    page = "words\n\n```python\na = 1\n```\n\n- words\n\n    ```py\n    b = a + 1\n    c = b / 0\n    ```\n"
    with pytest.raises(ZeroDivisionError) as raised:
        Example("page", Path("page.md"), blocks_of(page)).run()
    assert raised.traceback[-1].lineno + 1 == page.splitlines().index("    c = b / 0") + 1


def _has_example(name: str) -> bool:
    before, _, section = (getattr(nde, name).__doc__ or "").partition("Example:")
    return bool(before.strip()) and bool(blocks_of(inspect.cleandoc(section)))
