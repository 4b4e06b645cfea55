"""Plot of a confusion matrix."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from nde.data.plural import pluralize
from nde.plot.checks import check_some
from nde.plot.style import COLORS, FAINT, INK

_MOST_NUMBERS = 25
"""The number of classes up to which counts are printed in the cells."""


def plot_confusion(matrix: Int[np.ndarray, "truth predicted"], classes: Sequence[str]) -> Figure:
    """Plot a confusion matrix, with each row shaded by its shares.

    Args:
        matrix: Counts of shape `(classes, classes)`, with true classes in rows and predicted classes in columns.
        classes: Names of the classes.

    Returns:
        The figure.

    Raises:
        ValueError: If there are no classes, or the matrix does not have one row and one column for each.

    Example:
        ```python
        import numpy as np
        from nde.plot import plot_confusion

        plot_confusion(np.array([[28, 2], [1, 29]]), ["yes", "no"]).savefig("confusion.png")
        ```
    """
    count = len(classes)
    check_some("classes", classes)
    if matrix.shape != (count, count):
        raise ValueError(
            f"matrix must have shape ({count}, {count}) for {pluralize(count, 'class')}; got {matrix.shape}."
        )
    size = 1.8 + min(0.38, 8.0 / count) * count
    figure = Figure(figsize=(size + 0.6, size), layout="constrained", dpi=130)
    panel = figure.subplots()
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    panel.imshow(shares, cmap=LinearSegmentedColormap.from_list("", ["white", COLORS[0]]), vmin=0.0, vmax=1.0)
    if count <= _MOST_NUMBERS:
        for row, column in np.argwhere(matrix > 0):
            color = "white" if shares[row, column] > 0.5 else COLORS[1] if row != column else INK
            panel.text(column, row, f"{matrix[row, column]}", ha="center", va="center", fontsize=8.5, color=color)
    longest = max(len(name) for name in classes)
    panel.set_xticks(range(count), classes, rotation=90 if longest > 3 else 0)
    panel.set_yticks(range(count), classes)
    panel.set_xticks(np.arange(count + 1) - 0.5, minor=True)
    panel.set_yticks(np.arange(count + 1) - 0.5, minor=True)
    panel.grid(which="minor", color=FAINT, linewidth=0.5)
    panel.tick_params(which="both", length=0, colors=INK, labelsize=8.5)
    panel.spines[:].set_color(FAINT)
    panel.set_xlabel("predicted", color=INK)
    panel.set_ylabel("true", color=INK)
    return figure
