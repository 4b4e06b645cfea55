"""Two quantities against each other."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from nde.data import Table
from nde.plot.forecast import Curve
from nde.plot.look import COLORS, FAINT, INK, STYLES, figure

Times = Float[np.ndarray, " times"]
States = Float[np.ndarray, "times columns"]


def plot_phase(fitted: Table, held: Table | None, curves: Mapping[str, Curve]) -> Figure:
    """The phase portrait: the second quantity against the first, or its change against itself if there is only one.

    Args:
        fitted: The rows that were fitted.
        held: The rows held out, if any.
        curves: For each model times, and states at them.

    Example:
        ```python
        from nde.data import load_lynx_hare
        from nde.plot import plot_phase

        table = load_lynx_hare()
        plot_phase(table, None, {"itself": (table.ts, table.ys)}).savefig("phase.png")
        ```
    """
    made, (panel,) = figure(6.0, 5.2)
    for i, (model, (ts, ys)) in enumerate(curves.items()):
        x, y = _plane(ts, ys)
        panel.plot(x, y, STYLES[i % len(STYLES)], color=COLORS[i % len(COLORS)], linewidth=1.8, label=model)
        panel.plot(x[:1], y[:1], "s", color=COLORS[i % len(COLORS)], markersize=5)
    x, y = _plane(fitted.ts, fitted.ys)
    panel.plot(x, y, "-", color=FAINT, linewidth=0.8, zorder=1)
    panel.plot(x, y, "o", color=INK, markersize=4.5, label="measured")
    if held is not None and (len(held.names) > 1 or len(held.ts) > 1):
        panel.plot(*_plane(held.ts, held.ys), "o", color=INK, markerfacecolor="white", markersize=5, label="held out")
    names = (*fitted.names, f"d {fitted.names[0]} / d {fitted.time_name}")
    panel.set_xlabel(names[0], color=INK)
    panel.set_ylabel(names[1], color=INK)
    panel.legend(frameon=False, fontsize=8.5)
    return made


def _plane(ts: Times, ys: States) -> tuple[Times, Times]:
    """Two coordinates of states."""
    first, *others = ys.T
    return first, others[0] if others else np.gradient(first, ts)
