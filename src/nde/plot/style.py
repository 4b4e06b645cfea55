"""The style that all plots share."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK = "#1f2933"
FAINT = "#cbd2d9"
SHADE = "#f0f4f8"
COLORS = ("#0b6e99", "#d9480f", "#2b8a3e", "#862e9c", "#c92a2a")
"""One color for each model."""
STYLES = ("-", "--", "-.", ":")


def stacked_figure(width: float, height: float, rows: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure with axes stacked vertically that share their x-axis."""
    figure, panels = grid_figure(width, height, rows, 1)
    return figure, [row[0] for row in panels]


def grid_figure(width: float, height: float, rows: int, columns: int) -> tuple[Figure, list[list[Axes]]]:
    """A figure with a grid of axes; each column shares its x-axis and each row its y-axis."""
    figure = Figure(figsize=(width, height), layout="constrained", dpi=130)
    axes = figure.subplots(rows, columns, sharex="col", sharey="row", squeeze=False)
    for each in axes.flat:
        style_axes(each)
    return figure, [list(row) for row in axes]


def style_axes(axes: Axes) -> None:
    """Remove the box and draw a faint grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.grid(color=FAINT, linewidth=0.5, alpha=0.6)
    axes.tick_params(colors=INK, labelsize=9)
    axes.set_axisbelow(True)
