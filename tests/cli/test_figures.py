"""Names from files on figures."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg

from nde.cli.figures import literal, with_literal_dollars
from nde.plot import plot_confusion, plot_training

FORMULA = "cost ($) per $x_{1"


def drawn(figure) -> list[str]:
    """What the texts of a figure say, after it was drawn."""
    FigureCanvasAgg(with_literal_dollars(figure)).draw()
    (axes,) = figure.axes
    labels = [*axes.get_xticklabels(), *axes.get_yticklabels()]
    return [text.get_text() for text in (axes.title, axes.xaxis.label, axes.yaxis.label, *labels)]


def test_dollar_signs_are_no_formulae():
    figure = plot_training({"model": np.array([1.0, 10.0, 1000.0])})
    (axes,) = figure.axes
    axes.set_title(FORMULA)
    axes.set_ylabel(FORMULA)
    axes.legend([FORMULA])
    texts = drawn(figure)
    assert texts.count(literal(FORMULA)) == 2
    assert any(text.startswith("$\\mathdefault{10^") for text in texts)


def test_names_of_classes_are_drawn_as_they_are():
    assert drawn(plot_confusion(np.array([[3, 1], [0, 2]]), [literal(FORMULA), "b"])).count(literal(FORMULA)) == 2
