"""Plot of forecasts over time."""

from collections.abc import Mapping
from functools import partial

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from nde.data import Table
from nde.plot.checks import check_states
from nde.plot.style import COLORS, INK, SHADE, STYLES, stacked_figure
from nde.plot.times import draw_time_axis, table_times

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
    # Times of the table, as they are drawn.
    drawn = partial(table_times, fitted)
    figure, axes = stacked_figure(8.0, 1.2 + 2.3 * len(fitted.names), rows=len(fitted.names))
    for column, (name, panel) in enumerate(zip(fitted.names, axes, strict=True)):
        if holdout is not None:
            span = np.array([(fitted.ts[-1] + holdout.ts[0]) / 2, holdout.ts[-1]])
            panel.axvspan(*drawn(span), color=SHADE, zorder=0, label="held out")
        for i, (model, (ts, ys)) in enumerate(curves.items()):
            style = STYLES[i % len(STYLES)]
            panel.plot(drawn(ts), ys[:, column], style, color=COLORS[i % len(COLORS)], linewidth=1.8, label=model)
        panel.plot(drawn(fitted.ts), fitted.ys[:, column], "o", color=INK, markersize=4.5, label="measured")
        if holdout is not None:
            withheld = drawn(holdout.ts), holdout.ys[:, column]
            panel.plot(*withheld, "o", color=INK, markerfacecolor="white", markersize=5)
        panel.set_ylabel(name, color=INK)
    axes[0].legend(frameon=False, fontsize=8.5, ncols=5, loc="lower left", bbox_to_anchor=(0.0, 1.0), borderaxespad=0.2)
    draw_time_axis(axes[-1], drawn(fitted.ts), fitted.time_name)
    return figure
