"""A page of HTML that needs no other file."""

import base64
import html
import platform
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1f2933; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .8rem; border-bottom: 1px solid #cbd2d9; text-align: right; }
th:first-child, td:first-child, td.text { text-align: left; } tr.best { font-weight: 600; }
img { max-width: 100%; } pre { background: #f0f4f8; padding: .8rem; overflow-x: auto; } .faint { color: #52606d; }
"""


def page(title: str, parts: Sequence[str]) -> str:
    """The whole page."""
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{text(title)}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def text(what: Any) -> str:
    """Anything as text, with the signs of HTML escaped."""
    return html.escape(str(what))


def picture(path: Path, what: str) -> str:
    """A picture, in the page itself."""
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    return f'<img alt="{text(what)}" src="data:image/png;base64,{data}">'


def number(value: float | None) -> str:
    """Three digits, or nothing."""
    return "" if value is None else f"{value:.3g}"


def grid(head: Sequence[str], rows: Sequence[Sequence[str]], best: str | None = None) -> str:
    """A table of cells that are HTML already; the row whose first cell is `best` stands out."""
    lines = ["<tr>" + "".join(f"<th>{cell}</th>" for cell in head) + "</tr>"]
    for row in rows:
        mark = ' class="best"' if row[0] == best else ""
        lines.append(f"<tr{mark}>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>")
    return "<table>\n" + "\n".join(lines) + "\n</table>"


def summary(metrics: dict[str, Any]) -> str:
    """What was fitted, and where it is from."""
    begin, end = metrics["fitted_from"], metrics["fitted_to"]
    told = f"Fitted to {metrics['rows_fitted']} rows, {begin:g} to {end:g}"
    if metrics["rows_held_out"]:
        told += f"; the {metrics['rows_held_out']} rows after that were held out and forecast"
    return f"{told}. Source: {text(metrics['source'])}"


def made(metrics: dict[str, Any]) -> str:
    """By which versions, and from which seed."""
    versions = ", ".join(f"{package} {metadata.version(package)}" for package in ("nde", "jax", "equinox"))
    return f"{versions}, Python {platform.python_version()}; seed {metrics['seed']}, {metrics['steps']} steps a model."
