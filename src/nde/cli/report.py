"""The report of a run: sections of blocks, and the HTML page made of them."""

import base64
import dataclasses
import math
import platform
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, ClassVar

import jinja2

from nde.references import citation

_TEMPLATE = "report.html.jinja"


@dataclasses.dataclass(frozen=True)
class Paragraph:
    """A paragraph of text.

    Attributes:
        text: The text.
        faint: Whether it is a note, in gray.
    """

    kind: ClassVar[str] = "paragraph"
    text: str
    faint: bool = False


@dataclasses.dataclass(frozen=True)
class Subheading:
    """A heading inside of a section."""

    kind: ClassVar[str] = "subheading"
    text: str


@dataclasses.dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    kind: ClassVar[str] = "bullets"
    items: Sequence[str]


@dataclasses.dataclass(frozen=True)
class Code:
    """Commands, a program or an equation."""

    kind: ClassVar[str] = "code"
    text: str


@dataclasses.dataclass(frozen=True)
class Picture:
    """A plot of the run.

    Attributes:
        file: Its name in the folder of the run.
        description: What it shows, for those who do not see it.
    """

    kind: ClassVar[str] = "picture"
    file: str
    description: str


@dataclasses.dataclass(frozen=True)
class Grid:
    """A table of text, in the report or on the terminal.

    Attributes:
        header: The heads of the columns.
        rows: The cells of each row.
        best: The first cell of the row that is set in bold.
        title: What stands above it on the terminal.
        text_columns: Columns of text, set flush left; the first always is.
    """

    kind: ClassVar[str] = "grid"
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    best: str | None = None
    title: str | None = None
    text_columns: tuple[int, ...] = ()


Block = Paragraph | Subheading | Bullets | Code | Picture | Grid


@dataclasses.dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    heading: str
    blocks: Sequence[Block]


@dataclasses.dataclass(frozen=True)
class Report:
    """The content of a report.

    Attributes:
        title: The title of the page.
        summary: One paragraph: what was fitted, and how good it is.
        sections: The sections.
        footer: By which versions, from which seed.
    """

    title: str
    summary: str
    sections: Sequence[Section]
    footer: str


def reference_section(*methods: Any) -> Section:
    """The works to cite for methods, such as a fitted model."""
    return Section("References", [Bullets(citation(*methods).references)])


def render(report: Report, folder: Path) -> str:
    """Render a report as HTML that needs no other file.

    Args:
        report: The content.
        folder: The folder that holds the pictures.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )

    def encoded(file: str) -> str:
        return base64.b64encode((folder / file).read_bytes()).decode("ascii")

    return environment.get_template(_TEMPLATE).render(report=report, encoded=encoded)


def data_sections(notes: Sequence[str]) -> list[Section]:
    """The section of notes on the data; none without notes."""
    return [Section("Data", [Bullets(list(notes))])] if notes else []


def versions(*packages: str) -> str:
    """The versions of packages and of Python."""
    found = ", ".join(f"{package} {metadata.version(package)}" for package in packages)
    return f"{found}, Python {platform.python_version()}"


def number(value: float | None, digits: int = 3) -> str:
    """A number for a table; empty if there is none, and in words if it is infinite."""
    if value is None or math.isnan(value):
        return ""
    return f"{value:.{digits}g}" if math.isfinite(value) else "not finite"


def percent(share: float) -> str:
    """A share for a table, in percent; empty if there is none."""
    return "" if math.isnan(share) else f"{100 * share:.0f}%"
