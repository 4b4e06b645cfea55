"""Find the season of a channel of many series."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from nde.data.panel import TimeSeries
from nde.estimators.forecasting.history import History
from nde.estimators.forecasting.season import autocorrelation
from nde.estimators.panels.axis import SeriesAxis
from nde.estimators.panels.cell import known_rows

_MOST_SERIES = 100
_LEAST_STEPS = 8
_LEAST_SEASONS = 2.0
"""How many seasons most of the series must have."""
_CLEAR = 0.2
"""The autocorrelation of increments at a season, averaged over the series, below which there is none."""
_ERRORS = 4.0
"""By how many standard errors it must exceed zero: it is the largest of many."""
_ALMOST = 0.75
"""The share of the largest autocorrelation at which a shorter season is preferred."""


def find_season(panel: TimeSeries, axes: Sequence[SeriesAxis], channel: int) -> float | None:
    """Return the period, in typical spacings, at which increments of the series correlate; `None` without a season.

    Autocorrelations are averaged over the series. Gaps are filled by lines; irregular times are brought on a grid.

    Args:
        panel: The series.
        axes: The axis of each.
        channel: The place of the channel.
    """
    series = [place for place, rows in enumerate(known_rows(panel, channel)) if len(rows) > _LEAST_STEPS]
    steps = [_increments(panel, axes, channel, place) for place in series[:_MOST_SERIES]]
    steps = [own for own in steps if np.ptp(own) > 0]
    if not steps:
        return None
    lags = int(np.median([len(own) for own in steps]) / _LEAST_SEASONS)
    long = [own for own in steps if len(own) > lags]
    if lags < 3 or not long:
        return None
    found = np.mean([autocorrelation(own, lags) for own in long], axis=0)
    pairs = np.mean([len(own) for own in long]) - np.arange(lags + 1)
    # Series at the same times are correlated, so that many of them count as fewer.
    needed = np.maximum(_CLEAR, _ERRORS / np.sqrt(pairs * np.sqrt(len(long))))
    suggested = axes[series[0]].suggested
    if suggested is not None and 2 <= suggested <= lags and found[round(suggested)] > needed[round(suggested)] / 2:
        return suggested
    return _shortest_peak(found, needed)


def _shortest_peak(found: Float[np.ndarray, " lags"], needed: Float[np.ndarray, " lags"]) -> float | None:
    """The shortest lag whose autocorrelation is a clear peak, and almost as large as the largest one."""
    after = np.append(found[1:], -1.0)
    peaks = [lag for lag in range(3, len(found)) if found[lag] >= max(found[lag - 1], after[lag], needed[lag])]
    if not peaks:
        return None
    top = max(found[lag] for lag in peaks)
    return float(next(lag for lag in peaks if found[lag] >= _ALMOST * top))


def _increments(panel: TimeSeries, axes: Sequence[SeriesAxis], channel: int, place: int) -> Float[np.ndarray, " steps"]:
    """The increments of a series on a regular grid."""
    ys = panel[place].ys[:, channel]
    known = ~np.isnan(ys)
    history = History(axes[place].steps[known], ys[known])
    return np.diff(np.interp(np.arange(history.ts[0], history.ts[-1] + 0.5), history.ts, history.ys))
