"""Plot of generated series beside real ones."""

from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from nde.data.panel import TimeSeries
from nde.metrics import Bootstrap, autocorrelation
from nde.metrics.marginal import shared_times
from nde.metrics.pair import some_of, two_panels
from nde.metrics.rows import measured, values_at
from nde.plot.style import COLORS, INK, style_axes

_REAL, _FAKE = INK, COLORS[1]
_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
_MOST_LAGS = 20


def plot_generated(
    real: Any,
    fake: Any,
    *,
    channel: int | str = 0,
    time: str = "time",
    paths: int = 30,
    bootstrap: Bootstrap = Bootstrap(draws=200),
) -> Figure:
    """Plot generated series beside real ones: paths, marginals, quantiles of increments and autocorrelations.

    Args:
        real: Real series: a `nde.TimeSeries`, or an array of shape `(series, time, channels)`.
        fake: Generated series, in the same form.
        channel: The channel to plot, by index or name.
        time: Label of the time axis.
        paths: How many paths of each kind to draw.
        bootstrap: Bootstrap for the bands around autocorrelations.

    Returns:
        A figure with six panels.

    Raises:
        DataError: If the channels differ, or the series have no times in common.
        ValueError: If there is no such channel, or `paths` is below one.

    Example:
        ```python
        import numpy as np
        from nde.plot import plot_generated

        walks = np.random.default_rng(0).normal(size=(80, 20)).cumsum(axis=1)
        plot_generated(walks[:40], walks[40:] * 1.2).savefig("generated.png")
        ```
    """
    if paths < 1:
        raise ValueError(f"paths must be at least 1; got {paths}.")
    first, second = two_panels(real, fake)
    place = _channel_index(first.channels, channel)
    figure = Figure(figsize=(11.5, 6.6), layout="constrained", dpi=130)
    axes = figure.subplots(2, 3)
    for each in axes.flat:
        style_axes(each)
        each.tick_params(labelsize=8)
    _paths(axes[0, 0], first, place, paths, _REAL, "real", time)
    _paths(axes[0, 1], second, place, paths, _FAKE, "generated", time)
    axes[0, 1].sharey(axes[0, 0])
    _bands(axes[0, 2], first, second, place, time)
    axes[0, 0].set_ylabel(first.channels[place], color=INK, fontsize=8.5)
    handles = [Line2D([], [], color=color, linewidth=1.8) for color in (_REAL, _FAKE)]
    figure.legend(handles, ["real", "generated"], frameon=False, fontsize=9, ncols=2, loc="outside upper left")
    _ends(axes[1, 0], first, second, place)
    _increments(axes[1, 1], first, second, place)
    _autocorrelations(axes[1, 2], first, second, place, bootstrap)
    return figure


def _channel_index(channels: tuple[str, ...], channel: int | str) -> int:
    if isinstance(channel, str) and channel in channels:
        return channels.index(channel)
    if isinstance(channel, int) and 0 <= channel < len(channels):
        return channel
    names = ", ".join(channels)
    raise ValueError(f"channel must be one of {names}, or an index below {len(channels)}; got {channel!r}.")


def _titled(axes: Axes, title: str, below: str) -> None:
    axes.set_title(title, color=INK, fontsize=9.5, loc="left")
    axes.set_xlabel(below, color=INK, fontsize=8.5)


def _paths(axes: Axes, panel: TimeSeries, place: int, paths: int, color: str, what: str, time: str) -> None:
    shown = some_of(panel, paths, 0)
    for record in shown:
        known = ~np.isnan(record.ys[:, place])
        axes.plot(record.ts[known], record.ys[known, place], color=color, linewidth=0.7, alpha=0.45)
    _titled(axes, f"{what}, {len(shown)} of {len(panel)}", time)


def _bands(axes: Axes, real: TimeSeries, fake: TimeSeries, place: int, time: str) -> None:
    """Draw quantiles over time, as areas for real series and lines for generated ones."""
    ts = shared_times(real, fake, 40)
    known = [values_at(panel, ts)[..., place] for panel in (real, fake)]
    some = np.all([(~np.isnan(values)).sum(axis=0) > 1 for values in known], axis=0)
    _titled(axes, "median, 50% and 90% bands", time)
    if not some.any():
        return
    of_real, of_fake = (np.nanquantile(values[:, some], _LEVELS, axis=0) for values in known)
    axes.fill_between(ts[some], of_real[0], of_real[-1], color=_REAL, alpha=0.12, linewidth=0)
    axes.fill_between(ts[some], of_real[1], of_real[-2], color=_REAL, alpha=0.2, linewidth=0)
    axes.plot(ts[some], of_real[2], color=_REAL, linewidth=1.2)
    for level, style in enumerate((":", "--", "-", "--", ":")):
        axes.plot(ts[some], of_fake[level], style, color=_FAKE, linewidth=1.3)


def _ends(axes: Axes, real: TimeSeries, fake: TimeSeries, place: int) -> None:
    """Draw histograms of values at the last shared time at which the channel is observed."""
    for ts in (shared_times(real, fake, 1), shared_times(real, fake, 40)[::-1]):
        for at in ts:
            known = [values_at(panel, at[None])[:, 0, place] for panel in (real, fake)]
            known = [values[~np.isnan(values)] for values in known]
            if all(len(values) for values in known):
                _histograms(axes, known, at)
                return
    _titled(axes, "values: never observed at a shared time", "value")


def _histograms(axes: Axes, known: list[Float[np.ndarray, " _"]], at: float) -> None:
    edges = np.histogram_bin_edges(known[0], bins="auto")
    step = edges[1] - edges[0]
    both = np.concatenate(known)
    low, high = np.quantile(both, [0.005, 0.995])
    edges = np.arange(min(edges[0], low), max(edges[-1], high) + step, step)
    axes.hist(known[0], edges, density=True, color=_REAL, alpha=0.25)
    axes.hist(known[1], edges, density=True, color=_FAKE, histtype="step", linewidth=1.4)
    _titled(axes, f"values at time {at:.4g}", "value")
    axes.set_ylabel("density", color=INK, fontsize=8.5)


def _increments(axes: Axes, real: TimeSeries, fake: TimeSeries, place: int) -> None:
    """Draw a quantile-quantile plot of increments, with more quantiles in the tails."""
    steps = [measured(panel, "increments")[..., place] for panel in (real, fake)]
    steps = [each[~np.isnan(each)] for each in steps]
    _titled(axes, "quantiles of increments", "real")
    axes.set_ylabel("generated", color=INK, fontsize=8.5)
    if not all(len(each) for each in steps):
        return
    shares = _shares(min(len(each) for each in steps))
    of_real, of_fake = (np.quantile(each, shares) for each in steps)
    ends = [min(of_real[0], of_fake[0]), max(of_real[-1], of_fake[-1])]
    axes.plot(ends, ends, color=_REAL, linewidth=0.9)
    axes.plot(of_real, of_fake, "o", color=_FAKE, markersize=2.8, alpha=0.8)


def _shares(count: int) -> Float[np.ndarray, " shares"]:
    most = np.log(max(count - 1.0, 2.0))
    return 1.0 / (1.0 + np.exp(-np.linspace(-most, most, 80)))


def _autocorrelations(axes: Axes, real: TimeSeries, fake: TimeSeries, place: int, bootstrap: Bootstrap) -> None:
    """Draw autocorrelations of increments and of absolute increments."""
    _titled(axes, "autocorrelation: increments - -, absolute increments —", "lag (rows)")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    lags = min(_MOST_LAGS, int(min(real.lengths.max(), fake.lengths.max())) - 2)
    if lags < 1:
        return
    xs = np.arange(1, lags + 1)
    for of, style in (("increments", "--"), ("absolute increments", "-")):
        for panel, color in ((real, _REAL), (fake, _FAKE)):
            found = autocorrelation(panel, lags, of=of, bootstrap=bootstrap)[:, place]
            axes.fill_between(xs, found.low, found.high, color=color, alpha=0.12, linewidth=0)
            axes.plot(xs, found.value, style, color=color, linewidth=1.4)
    axes.axhline(0.0, color=INK, linewidth=0.6)
