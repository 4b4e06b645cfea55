"""The look that the pictures share."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK = "#1f2933"
FAINT = "#cbd2d9"
HELD = "#f0f4f8"
COLORS = ("#0b6e99", "#d9480f", "#2b8a3e", "#862e9c", "#c92a2a")
"""One for each model."""
STYLES = ("-", "--", "-.", ":")


def figure(width: float, height: float, rows: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure with axes one below the other, sharing their horizontal one."""
    made, panels = panelled(width, height, rows, 1)
    return made, [row[0] for row in panels]


def panelled(width: float, height: float, rows: int, columns: int) -> tuple[Figure, list[list[Axes]]]:
    """A figure with rows and columns of axes; a column shares its horizontal one, a row its vertical one."""
    made = Figure(figsize=(width, height), layout="constrained", dpi=130)
    axes = made.subplots(rows, columns, sharex="col", sharey="row", squeeze=False)
    for each in axes.flat:
        calm(each)
    return made, [list(row) for row in axes]


def calm(axes: Axes) -> None:
    """No box, a faint grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.grid(color=FAINT, linewidth=0.5, alpha=0.6)
    axes.tick_params(colors=INK, labelsize=9)
    axes.set_axisbelow(True)
