"""Plot of a phase portrait."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from nde.data import Table
from nde.plot.checks import check_states
from nde.plot.forecast import Curve
from nde.plot.style import COLORS, FAINT, INK, STYLES, stacked_figure

Times = Float[np.ndarray, " times"]
States = Float[np.ndarray, "times columns"]


def plot_phase(fitted: Table, holdout: Table | None, curves: Mapping[str, Curve]) -> Figure:
    """Plot the phase portrait: the second quantity against the first.

    If there is only one quantity, its derivative is plotted against it.

    Args:
        fitted: The fitted rows.
        holdout: The held-out rows, if any.
        curves: For each model, times and the states it predicts at them.

    Returns:
        The figure.

    Raises:
        ValueError: If held-out rows or curves are of other quantities, or a curve has fewer or more states than times.

    Example:
        ```python
        from nde.data import load_lynx_hare
        from nde.plot import plot_phase

        table = load_lynx_hare()
        plot_phase(table, None, {"interpolation": (table.ts, table.ys)}).savefig("phase.png")
        ```
    """
    check_states(fitted, holdout, curves)
    figure, (panel,) = stacked_figure(6.0, 5.2)
    for i, (model, (ts, ys)) in enumerate(curves.items()):
        x, y = _plane(ts, ys)
        panel.plot(x, y, STYLES[i % len(STYLES)], color=COLORS[i % len(COLORS)], linewidth=1.8, label=model)
        panel.plot(x[:1], y[:1], "s", color=COLORS[i % len(COLORS)], markersize=5)
    x, y = _plane(fitted.ts, fitted.ys)
    panel.plot(x, y, "-", color=FAINT, linewidth=0.8, zorder=1)
    panel.plot(x, y, "o", color=INK, markersize=4.5, label="measured")
    if holdout is not None and (len(holdout.names) > 1 or len(holdout.ts) > 1):
        x, y = _plane(holdout.ts, holdout.ys)
        panel.plot(x, y, "o", color=INK, markerfacecolor="white", markersize=5, label="held out")
    names = (*fitted.names, f"d {fitted.names[0]} / d {fitted.time_name}")
    panel.set_xlabel(names[0], color=INK)
    panel.set_ylabel(names[1], color=INK)
    panel.legend(frameon=False, fontsize=8.5)
    return figure


def _plane(ts: Times, ys: States) -> tuple[Times, Times]:
    """The two plotted coordinates of states."""
    first, *others = ys.T
    return first, others[0] if others else np.gradient(first, ts)
