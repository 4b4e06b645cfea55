"""Plots of tails and memory of returns, for all generators and the data."""

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nde import TimeSeries
from nde.metrics import autocorrelation
from nde.plot.style import COLORS, FAINT, INK, style_axes

_LAGS = 20


def picture(drawn: dict[str, dict[str, TimeSeries]]) -> Figure:
    """One row per record: quantiles against real ones, tails, autocorrelations of absolute returns."""
    made = Figure(figsize=(13.0, 1.0 + 3.9 * len(drawn)), layout="constrained", dpi=130)
    axes = made.subplots(len(drawn), 3, squeeze=False)
    for row, (name, panels) in zip(axes, drawn.items(), strict=True):
        for axis in row:
            style_axes(axis)
        generated = {method: panel for method, panel in panels.items() if method not in {"train", "test"}}
        colors = dict(zip(generated, ("#829ab1", COLORS[2], COLORS[3], COLORS[1], COLORS[0]), strict=False))
        _quantiles(row[0], name, panels["train"], generated, colors)
        _tails(row[1], panels, generated, colors)
        _memory(row[2], panels, generated, colors)
    made.legend(*axes[0][2].get_legend_handles_labels(), frameon=False, fontsize=9, ncols=4, loc="outside upper left")
    return made


def returns_of(panel: TimeSeries) -> Float[np.ndarray, " returns"]:
    """The returns of all windows."""
    return np.concatenate([np.diff(record.ys[:, 0]) for record in panel])


def _quantiles(
    axis: Axes, name: str, real: TimeSeries, generated: dict[str, TimeSeries], colors: dict[str, str]
) -> None:
    shares = 1 / (1 + np.exp(-np.linspace(-7.0, 7.0, 120)))
    wanted = np.quantile(returns_of(real), shares)
    axis.plot(wanted, wanted, color=INK, linewidth=1.0)
    for method, panel in generated.items():
        axis.plot(wanted, np.quantile(returns_of(panel), shares), color=colors[method], linewidth=1.4)
    axis.set_title(f"{name}: quantiles of returns", loc="left", fontsize=10, color=INK)
    axis.set_xlabel("real, train (deviations)")
    axis.set_ylabel("generated")


def _tails(axis: Axes, panels: dict[str, TimeSeries], generated: dict[str, TimeSeries], colors: dict[str, str]) -> None:
    for method, panel in panels.items():
        sizes = np.sort(np.abs(returns_of(panel)))[::-1]
        share = (np.arange(len(sizes)) + 0.5) / len(sizes)
        far = share < 0.2
        style = {"color": colors[method]} if method in generated else _REAL[method]
        axis.loglog(sizes[far], share[far], **style)
    axis.set_title("how tails fall", loc="left", fontsize=10, color=INK)
    axis.set_xlabel("size of a return")
    axis.set_ylabel("share of larger ones")


def _memory(
    axis: Axes, panels: dict[str, TimeSeries], generated: dict[str, TimeSeries], colors: dict[str, str]
) -> None:
    lags = np.arange(1, _LAGS + 1)
    for method, panel in panels.items():
        found = autocorrelation(panel, _LAGS, of="absolute increments")[:, 0]
        if method == "train":
            axis.fill_between(
                lags, found.low, found.high, color=FAINT, alpha=0.6, linewidth=0, label="real, train, 95%"
            )
        style = {"color": colors[method], "label": method} if method in generated else _REAL[method]
        axis.plot(lags, found.value, **style)
    axis.set_title("autocorrelation of absolute returns", loc="left", fontsize=10, color=INK)
    axis.set_xlabel("days later")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))


_REAL = {
    "train": {"color": INK, "linewidth": 2.2, "label": "real, train"},
    "test": {"color": INK, "linewidth": 1.2, "linestyle": ":", "label": "real, test"},
}
