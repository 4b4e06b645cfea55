"""What models with noise expect."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nde.data import Fan, Table
from nde.plot.look import COLORS, FAINT, HELD, INK, panelled

_MOST = 3
"""Series in one picture."""
_BEFORE = 3.0
"""How much is shown of what was fitted, at most, in lengths of the fan."""
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
        end = fans[series].ts[-1]
        near = fitted[series].ts >= fitted[series].ts[-1] * (1 + _BEFORE) - _BEFORE * end
        for column, name in enumerate(names):
            panel = panels[column][i]
            _measured(panel, fitted[series], held.get(series), near, column)
            _expected(panel, ahead[series].at(slice(int(near.argmax()), None)), fans[series], column)
            if i == 0:
                panel.set_ylabel(name, color=INK)
        _frame([row[i] for row in panels], series, fitted[series], series in held, end)
    made.legend(
        *panels[0][0].get_legend_handles_labels(),
        frameon=False,
        fontsize=8.5,
        ncols=6,
        columnspacing=1.2,
        handlelength=1.4,
        loc="outside upper left",
    )
    return made


def _expected(panel: Axes, ahead: Fan, fan: Fan, column: int) -> None:
    """Bands, median and some paths."""
    low, high = (end[:, column] for end in ahead.bands["90 %"])
    panel.vlines(ahead.ts, low, high, color=FAINT, alpha=0.7, linewidth=3.0, zorder=1, label="90 %, one row ahead")
    for band, (low, high) in fan.bands.items():
        shade = _SHADES[band]
        panel.fill_between(
            fan.ts, low[:, column], high[:, column], color=COLORS[0], alpha=shade, linewidth=0, label=f"{band} of paths"
        )
    for path in fan.paths:
        panel.plot(fan.ts, path[:, column], color=COLORS[0], linewidth=0.6, alpha=0.6)
    panel.plot(fan.ts, fan.median[:, column], color=COLORS[0], linewidth=1.8, label="median")


def _measured(panel: Axes, fitted: Table, held: Table | None, near: Bool[np.ndarray, " rows"], column: int) -> None:
    """Points, joined by a thin line."""
    size = 4.5 if near.sum() < 40 else 3.0
    known = near & ~np.isnan(fitted.ys[:, column])
    panel.plot(fitted.ts[known], fitted.ys[known, column], "-", color=INK, linewidth=0.5, alpha=0.4, zorder=3)
    panel.plot(fitted.ts[known], fitted.ys[known, column], "o", color=INK, markersize=size, label="measured", zorder=4)
    if held is not None:
        style = {"color": INK, "markerfacecolor": "white", "markersize": size + 0.5, "zorder": 4}
        panel.plot(held.ts, held.ys[:, column], "o", label="held out", **style)


def _frame(panels: list[Axes], series: str, fitted: Table, shaded: bool, end: float) -> None:
    """What is held out in a column of panels, and what stands around them."""
    for panel in panels:
        if shaded:
            panel.axvspan(fitted.ts[-1], end, color=HELD, zorder=0)
        panel.margins(x=0.02)
    whole = bool((fitted.ts == np.round(fitted.ts)).all())
    panels[-1].xaxis.set_major_locator(MaxNLocator(nbins=6, integer=whole))
    panels[-1].set_xlabel(fitted.time_name, color=INK)
    if series:
        panels[0].set_title(series, color=INK, fontsize=9.5, loc="left")
