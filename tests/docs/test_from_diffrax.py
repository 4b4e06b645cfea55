"""The table of Diffrax's names in the documentation says what is true."""

import inspect
import re
from collections import Counter

import pytest

import nde
from tests.docs.examples import ROOT

_ROW = re.compile(r"^\| `(?P<name>\w+)` \| (?P<kind>same|almost|other|not yet|never) \| (?P<note>.*) \|$", re.MULTILINE)
PAGE = ROOT / "docs" / "how-to" / "from-diffrax.md"
ROWS = [match.groupdict("") for match in _ROW.finditer(PAGE.read_text(encoding="utf-8"))]
BY_KIND = {
    kind: [row for row in ROWS if row["kind"] == kind] for kind in ("same", "almost", "other", "not yet", "never")
}


def named(note: str) -> list[str]:
    """The names in a note."""
    return re.findall(r"`(\w+)`", note)


def parameters(thing) -> set[str]:
    return {name for name in inspect.signature(thing).parameters if not name.startswith("_")}


def test_each_name_stands_once():
    counted = Counter(row["name"] for row in ROWS)
    assert len(counted) > 100
    assert max(counted.values()) == 1


@pytest.mark.parametrize("row", BY_KIND["same"] + BY_KIND["almost"], ids=lambda row: row["name"])
def test_what_is_the_same_or_almost_so_is_here(row):
    assert row["name"] in nde.__all__


@pytest.mark.parametrize("row", BY_KIND["other"], ids=lambda row: row["name"])
def test_what_does_its_work_is_here(row):
    assert named(row["note"])[0] in nde.__all__
    assert not hasattr(nde, row["name"])


@pytest.mark.parametrize("row", BY_KIND["not yet"] + BY_KIND["never"], ids=lambda row: row["name"])
def test_what_is_not_here_is_not_and_why(row):
    assert not hasattr(nde, row["name"])
    assert row["note"]


def test_the_table_is_that_of_the_installed_diffrax():
    diffrax = pytest.importorskip("diffrax")
    assert {row["name"] for row in ROWS} == {name for name in dir(diffrax) if not name.startswith("_")}


@pytest.mark.parametrize("row", BY_KIND["same"] + BY_KIND["almost"], ids=lambda row: row["name"])
def test_only_what_is_almost_the_same_leaves_arguments_out(row):
    assert row["note"].startswith("without `") == (row["kind"] == "almost")


@pytest.mark.parametrize("row", BY_KIND["same"] + BY_KIND["almost"], ids=lambda row: row["name"])
def test_arguments_are_those_of_the_installed_diffrax(row):
    """But for those that the table leaves out by name, behind `without`, which are indeed not taken."""
    diffrax = pytest.importorskip("diffrax")
    theirs, ours = (parameters(getattr(module, row["name"])) for module in (diffrax, nde))
    without = re.match(r"without ((?:`\w+`(?:, )?)+)", row["note"])
    left_out = set(named(without.group(1))) if without else set()
    assert theirs - ours == left_out
