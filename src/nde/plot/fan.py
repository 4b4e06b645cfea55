"""Fan charts: forecasts of stochastic models as quantile bands."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nde.data import Fan, Table
from nde.plot.checks import check_some
from nde.plot.style import COLORS, FAINT, INK, SHADE, grid_figure
from nde.plot.times import draw_time_axis, table_times

_MOST = 3
"""The number of series in one plot, at most."""
_BEFORE = 3.0
"""How much of the fitted rows is shown, at most, as a multiple of the length of the fan."""
_SHADES = {"90%": 0.18, "50%": 0.36}


def plot_fan(
    fitted: Mapping[str, Table], holdout: Mapping[str, Table], ahead: Mapping[str, Fan], fans: Mapping[str, Fan]
) -> Figure:
    """Plot a fan chart of each quantity of the first three series: measurements and predicted quantile bands.

    Args:
        fitted: The fitted rows of each series.
        holdout: The held-out rows of each series, if any.
        ahead: One-step-ahead predictions at the fitted rows.
        fans: Predictions after the fitted rows.

    Returns:
        The figure.

    Raises:
        ValueError: If there are no fans, or the rows or predictions of a series that has a fan are missing.

    Example:
        ```python
        import jax
        import numpy as np
        from nde.data import load_sunspots
        from nde.models import RandomWalk
        from nde.plot import plot_fan

        fitted, holdout = load_sunspots().split(20)
        model, key = RandomWalk.from_tables([fitted], "root"), jax.random.key(0)
        (ahead,), (fan,) = model.ahead([fitted], key=key), model.fan([fitted], [holdout.ts], key=key)
        plot_fan({"": fitted}, {"": holdout}, {"": ahead}, {"": fan}).savefig("fan.png")
        ```
    """
    shown = list(fans)[:_MOST]
    check_some("fans", fans)
    for what, given in (("fitted", fitted), ("ahead", ahead)):
        missing = [series for series in shown if series not in given]
        if missing:
            raise ValueError(f"{what} must have the series {missing[0]!r}, which has a fan; got {list(given)}.")
    names = fitted[shown[0]].names
    width = 8.0 if len(shown) == 1 else 3.0 + 3.2 * len(shown)
    figure, panels = grid_figure(width, 1.0 + 2.6 * len(names), len(names), len(shown))
    for i, series in enumerate(shown):
        end = fans[series].ts[-1]
        near = fitted[series].ts >= fitted[series].ts[-1] * (1 + _BEFORE) - _BEFORE * end
        for column, name in enumerate(names):
            panel = panels[column][i]
            _draw_measurements(panel, fitted[series], holdout.get(series), near, column)
            first = int(near.argmax())
            _draw_predictions(panel, ahead[series].at(slice(first, None)), fans[series], fitted[series], column)
            if i == 0:
                panel.set_ylabel(name, color=INK)
        _frame([row[i] for row in panels], series, fitted[series], series in holdout, end)
    figure.legend(
        *panels[0][0].get_legend_handles_labels(),
        frameon=False,
        fontsize=8.5,
        ncols=6,
        columnspacing=1.2,
        handlelength=1.4,
        loc="outside upper left",
    )
    return figure


def _draw_predictions(panel: Axes, ahead: Fan, fan: Fan, fitted: Table, column: int) -> None:
    """Draw bands, median and some sample paths."""
    before, after = table_times(fitted, ahead.ts), table_times(fitted, fan.ts)
    low, high = (end[:, column] for end in ahead.bands["90%"])
    panel.vlines(before, low, high, color=FAINT, alpha=0.7, linewidth=3.0, zorder=1, label="90%, one step ahead")
    for band, (low, high) in fan.bands.items():
        shade = _SHADES[band]
        panel.fill_between(
            after, low[:, column], high[:, column], color=COLORS[0], alpha=shade, linewidth=0, label=f"{band} of paths"
        )
    for path in fan.paths:
        panel.plot(after, path[:, column], color=COLORS[0], linewidth=0.6, alpha=0.6)
    panel.plot(after, fan.median[:, column], color=COLORS[0], linewidth=1.8, label="median")


def _draw_measurements(
    panel: Axes, fitted: Table, holdout: Table | None, near: Bool[np.ndarray, " rows"], column: int
) -> None:
    """Draw points joined by a thin line."""
    size = 4.5 if near.sum() < 40 else 3.0
    known = near & ~np.isnan(fitted.ys[:, column])
    ts, ys = table_times(fitted, fitted.ts[known]), fitted.ys[known, column]
    panel.plot(ts, ys, "-", color=INK, linewidth=0.5, alpha=0.4, zorder=3)
    panel.plot(ts, ys, "o", color=INK, markersize=size, label="measured", zorder=4)
    if holdout is not None:
        style = {"color": INK, "markerfacecolor": "white", "markersize": size + 0.5, "zorder": 4}
        ts = table_times(holdout, holdout.ts)
        panel.plot(ts, holdout.ys[:, column], "o", label="held out", **style)


def _frame(panels: list[Axes], series: str, fitted: Table, shaded: bool, end: float) -> None:
    """Shade the held-out part of a column of panels, and add its title and x-axis."""
    for panel in panels:
        if shaded:
            panel.axvspan(*table_times(fitted, np.array([fitted.ts[-1], end])), color=SHADE, zorder=0)
        panel.margins(x=0.02)
    draw_time_axis(panels[-1], table_times(fitted, fitted.ts), fitted.time_name)
    if series:
        panels[0].set_title(series, color=INK, fontsize=9.5, loc="left")
