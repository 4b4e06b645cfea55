"""Plot of how much a prediction depends on each feature."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from nde.plot.style import COLORS, INK, stacked_figure

_ROW = 0.28
"""Height of a bar with the space around it, in inches."""


def plot_importance(importance: Mapping[str, Sequence[float]], *, what: str = "loss") -> Figure:
    """Plot by how much a loss rises when the values of a feature are shuffled; the most important is at the top.

    Args:
        importance: For each feature the rise in each of several shuffles.
        what: What rises, for the label of the axis.

    Returns:
        The figure: bars of the means, with a line from the least to the greatest rise.

    Raises:
        ValueError: If there is no feature.

    Example:
        ```python
        from nde.plot import plot_importance

        plot_importance({"age": [0.3, 0.4], "height": [0.02, -0.01]}, what="log loss").savefig("importance.png")
        ```
    """
    if not importance:
        raise ValueError("importance must have at least one feature; got none.")
    names = sorted(importance, key=lambda name: float(np.mean(importance[name])))
    rises = [np.asarray(importance[name], float) for name in names]
    figure, (panel,) = stacked_figure(6.5, 1.0 + _ROW * len(names))
    panel.barh(names, [rise.mean() for rise in rises], height=0.6, color=COLORS[0], alpha=0.85)
    panel.hlines(names, [rise.min() for rise in rises], [rise.max() for rise in rises], color=INK, linewidth=1.2)
    panel.axvline(0.0, color=INK, linewidth=0.8)
    panel.set_ylim(-0.6, len(names) - 0.4)
    panel.set_xlabel(f"rise of the {what} when shuffled", color=INK)
    return figure
