"""Measurements and models over time."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nde.data import Table
from nde.plot.look import COLORS, HELD, INK, STYLES, figure

Curve = tuple[Float[np.ndarray, " times"], Float[np.ndarray, "times columns"]]
"""Times, and states at them."""


def plot_forecast(fitted: Table, held: Table | None, curves: Mapping[str, Curve]) -> Figure:
    """A panel for each quantity: what was fitted, what was held out (shaded), and what each model says.

    Args:
        fitted: The rows that were fitted.
        held: The rows held out, if any.
        curves: For each model times, and states at them.

    Example:
        ```python
        from nde.data import load_lynx_hare
        from nde.plot import plot_forecast

        fitted, held = load_lynx_hare().split(5)
        plot_forecast(fitted, held, {"itself": (fitted.ts, fitted.ys)}).savefig("forecast.png")
        ```
    """
    made, axes = figure(8.0, 1.2 + 2.3 * len(fitted.names), rows=len(fitted.names))
    for column, (name, panel) in enumerate(zip(fitted.names, axes, strict=True)):
        if held is not None:
            panel.axvspan((fitted.ts[-1] + held.ts[0]) / 2, held.ts[-1], color=HELD, zorder=0, label="held out")
        for i, (model, (ts, ys)) in enumerate(curves.items()):
            style = STYLES[i % len(STYLES)]
            panel.plot(ts, ys[:, column], style, color=COLORS[i % len(COLORS)], linewidth=1.8, label=model)
        panel.plot(fitted.ts, fitted.ys[:, column], "o", color=INK, markersize=4.5, label="measured")
        if held is not None:
            panel.plot(held.ts, held.ys[:, column], "o", color=INK, markerfacecolor="white", markersize=5)
        panel.set_ylabel(name, color=INK)
    axes[0].legend(frameon=False, fontsize=8.5, ncols=5, loc="lower left", bbox_to_anchor=(0.0, 1.0), borderaxespad=0.2)
    axes[-1].set_xlabel(fitted.time_name, color=INK)
    axes[-1].xaxis.set_major_locator(MaxNLocator(integer=bool((fitted.ts == np.round(fitted.ts)).all())))
    return made
