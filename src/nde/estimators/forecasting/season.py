"""Find the season of a series."""

import numpy as np
from jaxtyping import Float

from nde.estimators.forecasting.history import History

_LEAST_SEASONS = 2.5
"""How many seasons a series must have."""
_CLEAR = 0.3
"""The autocorrelation of increments at a season, below which there is none."""
_ERRORS = 4.0
"""By how many standard errors it must exceed zero: it is the largest of many."""
_EXPECTED = 0.15
"""The same for a season that the unit of time suggests."""
_FULL = 0.6
"""The share of a season's rows that a mean over it needs."""
_ALMOST = 0.85
"""The share of the largest autocorrelation at which a shorter season is preferred."""


def find_period(history: History, suggested: float | None = None) -> float | None:
    """Return the period of the season in typical spacings, if the series has one.

    The period is a lag at which increments correlate. Gaps are filled by lines; irregular times are brought on a grid.

    Args:
        history: The series; its `period` is not used.
        suggested: A period that the unit of time suggests, such as 12 for months.
    """
    grid = np.arange(history.ts[0], history.ts[-1] + 0.5)
    steps = np.diff(np.interp(grid, history.ts, history.filled))
    lags = int(len(steps) / _LEAST_SEASONS)
    if lags < 2 or not np.ptp(steps) > 0:
        return None
    found = autocorrelation(steps, lags)
    noise = 2 / np.sqrt(len(steps))
    if suggested is not None and 2 <= suggested <= lags and found[round(suggested)] > max(_EXPECTED, noise):
        return suggested
    peaks = [lag for lag in range(3, lags) if found[lag] >= found[lag - 1] and found[lag] >= found[lag + 1]]
    pairs = len(steps) - np.arange(lags + 1)
    clear = [lag for lag in peaks if found[lag] > max(_CLEAR, _ERRORS / np.sqrt(pairs[lag]))]
    if not clear:
        return None
    top = max(found[lag] for lag in clear)
    return float(next(lag for lag in clear if found[lag] >= _ALMOST * top))


def find_longer(history: History, seasons: float) -> float | None:
    """Return the period of a longer season, of which the season is a part: the week of days, or the year of weeks.

    The means over each season have a season of their own.

    Args:
        history: The series, with the shorter season as its `period`.
        seasons: How many shorter seasons a longer one has.
    """
    assert history.period is not None
    block = np.floor((history.ts - history.ts[0]) / history.period).astype(int)
    sums, counts = np.bincount(block, history.filled), np.bincount(block)
    full = np.flatnonzero(counts >= _FULL * history.period)
    if len(full) < _LEAST_SEASONS * seasons:
        return None
    means = History(full.astype(np.float64), sums[full] / counts[full])
    found = find_period(means, round(seasons))
    return seasons * history.period if found == round(seasons) else None


def autocorrelation(steps: Float[np.ndarray, " steps"], lags: int) -> Float[np.ndarray, " lags"]:
    """The autocorrelations of lags 0 to `lags`, each over the pairs there are."""
    steps = steps - steps.mean()
    spectrum = np.abs(np.fft.rfft(steps, 2 * len(steps))) ** 2
    sums = np.fft.irfft(spectrum)[: lags + 1]
    pairs = len(steps) - np.arange(lags + 1)
    return sums / pairs / (sums[0] / len(steps))
