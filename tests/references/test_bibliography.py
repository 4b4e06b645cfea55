"""The entries of the bibliography, and that docstrings and entries fit together."""

import re
from collections import Counter
from importlib import resources

import pytest

from nde.references.bibliography import bibliography, identifiers_of
from tests.docs.examples import documented

TEXT = (resources.files("nde.references") / "references.bib").read_text(encoding="utf-8")
ENTRIES = list(bibliography().values())
ALWAYS = {"kidger2021neural", "bradbury2018jax"}
KINDS = {
    "article": "journal",
    "book": "publisher",
    "incollection": "booktitle",
    "inproceedings": "booktitle",
    "misc": "title",
    "phdthesis": "school",
}
"""What an entry of each kind has to have, besides author, title and year."""
DOCSTRINGS = {
    name: " ".join((obj.__doc__ or "").split()) for name, _, obj in documented() if "doi:" in (obj.__doc__ or "")
}


def test_every_entry_is_read():
    assert len(ENTRIES) == TEXT.count("@") > 80
    assert "\n\n".join(entry.bibtex for entry in ENTRIES) + "\n" == TEXT
    assert max(Counter(entry.key for entry in ENTRIES).values()) == 1


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.key)
def test_an_entry_is_whole(entry):
    kind = re.match(r"@(\w+)", entry.bibtex)[1]
    assert {"author", "title", "year", KINDS[kind]} <= entry.fields.keys()
    assert entry.fields["year"] in entry.key
    assert all(value.count("{") == value.count("}") for value in entry.fields.values())
    assert all(", " in author for author in entry.fields["author"].split(" and "))
    assert not set("{}\\`~") & set(entry.line)


@pytest.mark.parametrize("name", DOCSTRINGS)
def test_each_work_that_a_docstring_names_has_an_entry_of_its_author(name: str):
    text = DOCSTRINGS[name]
    for identifier in identifiers_of(text):
        if "://" in identifier and identifier not in bibliography():
            continue
        entry = bibliography()[identifier]
        assert entry.fields["author"].partition(",")[0] in text


def test_each_entry_is_cited_by_a_docstring():
    named = {each for text in DOCSTRINGS.values() for each in identifiers_of(text)}
    assert {entry.key for entry in ENTRIES if entry.identifier not in named} <= ALWAYS


def test_identifiers_end_where_the_sentence_goes_on():
    text = "A (1981), doi:10.1016/0771-050X(81)90010-3; B, doi:10.1/b.c. C (see doi:10.1/d), https://a.org/e.html."
    assert identifiers_of(text) == ["10.1016/0771-050X(81)90010-3", "10.1/b.c", "10.1/d", "https://a.org/e.html"]


def test_a_line_is_plain_text():
    lines = {entry.key: entry.line for entry in ENTRIES}
    assert lines["kidger2021hey"] == (
        "Kidger, Chen and Lyons (2021). “Hey, that's not an ODE”: Faster ODE adjoints via seminorms. "
        "International Conference on Machine Learning. doi:10.48550/arXiv.2009.09457"
    )
    assert lines["bradbury2018jax"] == (
        "Bradbury et al. (2018). JAX: composable transformations of Python+NumPy programs. https://github.com/jax-ml/jax"
    )
    assert "Computers & Mathematics with Applications" in lines["tsitouras2011runge"]
