"""The entries of `references.bib`."""

import dataclasses
import functools
import re
from collections.abc import Mapping
from importlib import resources

_ENTRY = re.compile(r"^@(?P<kind>\w+)\{(?P<key>\w+),\n(?P<fields>(?:  \w+ = \{.*\},\n)+)\}$", re.MULTILINE)
_FIELD = re.compile(r"^  (\w+) = \{(.*)\},$", re.MULTILINE)
_IDENTIFIER = re.compile(r"doi:(10\.\d+/\S+)|(https?://\S+)")
_LATEX = {"\\&": "&", "{": "", "}": "", "--": "–", "``": "“", "''": "”"}
_VENUES = ("journal", "booktitle", "school", "publisher", "howpublished")
_MOST_AUTHORS = 5


@dataclasses.dataclass(frozen=True, eq=False)
class Entry:
    r"""An entry of a BibTeX file.

    Attributes:
        key: What `\cite` names it by.
        bibtex: The entry as it is written.
        fields: What it holds, by name, in LaTeX.
    """

    key: str
    bibtex: str
    fields: Mapping[str, str]

    @property
    def identifier(self) -> str:
        """The DOI, or the URL of what has none."""
        return self.fields.get("doi") or self.fields["url"]

    @property
    def line(self) -> str:
        """Authors, year, title, venue and DOI or URL, as plain text."""
        venues = [self.fields[name] for name in _VENUES if name in self.fields]
        place = f"doi:{self.identifier}" if "doi" in self.fields else self.identifier
        text = ". ".join([f"{self._authors()} ({self.fields['year']})", self.fields["title"], *venues[:1], place])
        return functools.reduce(lambda text, sign: text.replace(sign, _LATEX[sign]), _LATEX, text)

    def _authors(self) -> str:
        """Family names; the first only of very many."""
        names = [author.partition(",")[0] for author in self.fields["author"].split(" and ")]
        if len(names) > _MOST_AUTHORS:
            return f"{names[0]} et al."
        return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


@functools.cache
def bibliography() -> Mapping[str, Entry]:
    """All entries, by their DOI or URL."""
    text = (resources.files("nde.references") / "references.bib").read_text(encoding="utf-8")
    entries = (Entry(each["key"], each[0], dict(_FIELD.findall(each["fields"]))) for each in _ENTRY.finditer(text))
    return {entry.identifier: entry for entry in entries}


def identifiers_of(text: str) -> list[str]:
    """The DOIs and URLs in a text, in order."""
    return [_without_punctuation(doi or url) for doi, url in _IDENTIFIER.findall(text)]


def _without_punctuation(identifier: str) -> str:
    """The identifier without the end of a sentence or the bracket around it; one may have brackets itself."""
    stripped = identifier.rstrip(".,;:")
    unmatched = stripped.endswith(")") and stripped.count(")") > stripped.count("(")
    return _without_punctuation(stripped[:-1]) if unmatched else stripped
