r"""Turns the formulae of a page, `\(…\)` and `$$…$$`, into MathML, which browsers render by themselves."""

import html
import re
from typing import Any

from latex2mathml.converter import convert

_FORMULA = re.compile(r'<(span|div) class="arithmatex">\s*\\[(\[](.*?)\\[)\]]\s*</\1>', re.DOTALL)


def on_page_content(content: str, **_: Any) -> str:
    """Called with the HTML of each page."""
    return _FORMULA.sub(_mathml, content)


def _mathml(formula: re.Match[str]) -> str:
    tag, latex = formula.groups()
    return convert(html.unescape(latex).strip(), display="inline" if tag == "span" else "block")
