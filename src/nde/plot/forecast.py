"""Plot of forecasts over time."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nde.data import Table
from nde.plot.checks import check_states
from nde.plot.style import COLORS, INK, SHADE, STYLES, stacked_figure

Curve = tuple[Float[np.ndarray, " times"], Float[np.ndarray, "times columns"]]
"""Times, and the states at these times."""


def plot_forecast(fitted: Table, holdout: Table | None, curves: Mapping[str, Curve]) -> Figure:
    """Plot fitted rows, held-out rows (shaded) and the predictions of each model, one panel for each quantity.

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
        from nde.plot import plot_forecast

        fitted, holdout = load_lynx_hare().split(5)
        plot_forecast(fitted, holdout, {"interpolation": (fitted.ts, fitted.ys)}).savefig("forecast.png")
        ```
    """
    check_states(fitted, holdout, curves)
    figure, axes = stacked_figure(8.0, 1.2 + 2.3 * len(fitted.names), rows=len(fitted.names))
    for column, (name, panel) in enumerate(zip(fitted.names, axes, strict=True)):
        if holdout is not None:
            start = (fitted.ts[-1] + holdout.ts[0]) / 2
            panel.axvspan(start, holdout.ts[-1], color=SHADE, zorder=0, label="held out")
        for i, (model, (ts, ys)) in enumerate(curves.items()):
            style = STYLES[i % len(STYLES)]
            panel.plot(ts, ys[:, column], style, color=COLORS[i % len(COLORS)], linewidth=1.8, label=model)
        panel.plot(fitted.ts, fitted.ys[:, column], "o", color=INK, markersize=4.5, label="measured")
        if holdout is not None:
            panel.plot(holdout.ts, holdout.ys[:, column], "o", color=INK, markerfacecolor="white", markersize=5)
        panel.set_ylabel(name, color=INK)
    axes[0].legend(frameon=False, fontsize=8.5, ncols=5, loc="lower left", bbox_to_anchor=(0.0, 1.0), borderaxespad=0.2)
    axes[-1].set_xlabel(fitted.time_name, color=INK)
    axes[-1].xaxis.set_major_locator(MaxNLocator(integer=bool((fitted.ts == np.round(fitted.ts)).all())))
    return figure
