"""Figures whose names come from files."""

from matplotlib.figure import Figure
from matplotlib.text import Text


def with_literal_dollars(figure: Figure) -> Figure:
    """A figure in which dollar signs of labels, titles and legends are no formulae; those of ticks stay."""
    for text in figure.findobj(Text):
        if isinstance(text, Text):
            text.set_text(literal(text.get_text()))
    return figure


def literal(text: str) -> str:
    """A text whose dollar signs Matplotlib draws as they are."""
    return text.replace("$", r"\$")
