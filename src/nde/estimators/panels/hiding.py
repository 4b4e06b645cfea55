"""Hide some known values, to see how well they are filled."""

import dataclasses

import numpy as np

from nde.data.panel import TimeSeries

_SHARE = 0.1
"""The share of values that are hidden alone; as many are hidden in a row of others."""
_RUN = 4
"""Values in a row."""
_LEAST_ROWS = 4
_ENOUGH = 60
"""Values of a channel to hide."""
_MOST_TIMES = 5


def repeat_series(panel: TimeSeries) -> TimeSeries:
    """A panel of few values with its series several times over, each to hide other values of."""
    hidden = 2 * _SHARE * len(panel.ts)
    times = int(np.clip(np.ceil(_ENOUGH / hidden), 1, _MOST_TIMES))
    return panel if times == 1 else panel[np.tile(np.arange(len(panel)), times)]


def hide_values(panel: TimeSeries, seed: int) -> TimeSeries:
    """The series without some of the values of each channel, some alone and some in a row.

    Args:
        panel: The series.
        seed: Of what is hidden.
    """
    random, ys = np.random.default_rng(seed), panel.ys.copy()
    for start, length in zip(panel.starts, panel.lengths, strict=True):
        for channel in range(ys.shape[1]):
            rows = start + np.flatnonzero(~np.isnan(ys[start : start + length, channel]))
            if len(rows) >= _LEAST_ROWS:
                ys[_hidden(rows, random), channel] = np.nan
    return dataclasses.replace(panel, ys=ys)


def _hidden(rows: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Some of the rows; at least one, and at most half of them."""
    count = max(1, round(_SHARE * len(rows)))
    alone = random.choice(rows, count, replace=False)
    runs = max(0, round(count / _RUN)) if len(rows) > 2 * _RUN else 0
    starts = random.integers(0, len(rows) - _RUN + 1, runs) if runs else np.zeros(0, np.int64)
    together = rows[(starts[:, None] + np.arange(_RUN)).ravel()] if runs else rows[:0]
    return np.union1d(alone, together)
