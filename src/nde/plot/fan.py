"""What models with noise expect."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nde.data import Fan, Table
from nde.plot.look import COLORS, FAINT, HELD, INK, panelled

_MOST = 3
"""Series in one picture."""
_BEFORE = 3.0
"""How much is shown of what was fitted, in lengths of the fan."""
_SHADES = {"90 %": 0.18, "50 %": 0.36}


def plot_fan(
    fitted: Mapping[str, Table], held: Mapping[str, Table], ahead: Mapping[str, Fan], fans: Mapping[str, Fan]
) -> Figure:
    """A panel for each quantity of each of the first three series: measurements, and the bands that hold them.

    Args:
        fitted: The rows fitted of each series.
        held: The rows held out, if any.
        ahead: At the rows fitted, what the measurement before let expect.
        fans: What comes after them.

    Example:
        ```python
        import jax
        import numpy as np
        from nde.data import load_sunspots
        from nde.models import RandomWalk
        from nde.plot import plot_fan

        fitted, held = load_sunspots().split(20)
        model, key = RandomWalk.from_tables([fitted], "root"), jax.random.key(0)
        (ahead,), (fan,) = model.ahead([fitted], key=key), model.fan([fitted], [held.ts], key=key)
        plot_fan({"": fitted}, {"": held}, {"": ahead}, {"": fan}).savefig("fan.png")
        ```
    """
    shown = list(fans)[:_MOST]
    names = fitted[shown[0]].names
    width = 8.0 if len(shown) == 1 else 3.0 + 3.2 * len(shown)
    made, panels = panelled(width, 1.0 + 2.6 * len(names), len(names), len(shown))
    for i, series in enumerate(shown):
        for column, name in enumerate(names):
            panel = panels[column][i]
            _expected(panel, ahead[series], fans[series], column)
            _measured(panel, fitted[series], held.get(series), column)
            if i == 0:
                panel.set_ylabel(name, color=INK)
        _frame(panels[0][i], panels[-1][i], series, fitted[series], held.get(series), fans[series])
    handles, labels = panels[0][0].get_legend_handles_labels()
    made.legend(handles, labels, frameon=False, fontsize=8.5, ncols=4, loc="outside upper left")
    return made


def _expected(panel: Axes, ahead: Fan, fan: Fan, column: int) -> None:
    """Bands, median and some paths."""
    low, high = (end[:, column] for end in ahead.bands["90 %"])
    there = ~np.isnan(low)
    panel.fill_between(
        ahead.ts[there], low[there], high[there], color=FAINT, alpha=0.45, linewidth=0, label="90 %, one row ahead"
    )
    for band, (low, high) in fan.bands.items():
        shade = _SHADES[band]
        panel.fill_between(
            fan.ts, low[:, column], high[:, column], color=COLORS[0], alpha=shade, linewidth=0, label=f"{band} of paths"
        )
    for path in fan.paths:
        panel.plot(fan.ts, path[:, column], color=COLORS[0], linewidth=0.6, alpha=0.6)
    panel.plot(fan.ts, fan.median[:, column], color=COLORS[0], linewidth=1.8, label="median")


def _measured(panel: Axes, fitted: Table, held: Table | None, column: int) -> None:
    """Points, joined by a thin line."""
    size = 4.5 if len(fitted.ts) < 40 else 3.0
    known = ~np.isnan(fitted.ys[:, column])
    panel.plot(fitted.ts[known], fitted.ys[known, column], "-", color=INK, linewidth=0.5, alpha=0.4)
    panel.plot(fitted.ts[known], fitted.ys[known, column], "o", color=INK, markersize=size, label="measured")
    if held is not None:
        panel.plot(
            held.ts, held.ys[:, column], "o", color=INK, markerfacecolor="white", markersize=size + 0.5, label="held out"
        )


def _frame(top: Axes, bottom: Axes, series: str, fitted: Table, held: Table | None, fan: Fan) -> None:
    """What a column of panels shows."""
    begin, end = fitted.ts[-1], max(fan.ts[-1], fitted.ts[-1] if held is None else held.ts[-1])
    first = max(fitted.ts[0], begin - _BEFORE * (end - begin))
    margin = 0.02 * (end - first)
    for panel in (axes for axes in top.figure.axes if axes.get_subplotspec().colspan == top.get_subplotspec().colspan):
        if held is not None:
            panel.axvspan(begin, end + margin, color=HELD, zorder=0)
        panel.set_xlim(first - margin, end + margin)
    whole = bool((fitted.ts == np.round(fitted.ts)).all())
    bottom.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=whole))
    bottom.set_xlabel(fitted.time_name, color=INK)
    if series:
        top.set_title(series, color=INK, fontsize=9.5, loc="left")
