"""Series with gaps, and what SciPy makes of each channel's observations."""

from collections.abc import Callable
from typing import Any

import numpy as np

NAN = np.nan
TIMES = 12


def times(seed: int = 0, start: float = 0.0) -> np.ndarray:
    """Irregular times."""
    return start + np.cumsum(np.random.default_rng(seed).uniform(0.2, 1.5, TIMES))


def gappy(channels: int = 40, share: float = 0.4, seed: int = 1) -> np.ndarray:
    """Normal numbers with missing values; the first channels are the odd cases: full, empty, one, two observations."""
    rng = np.random.default_rng(seed)
    full = rng.normal(size=(TIMES, channels))
    ys = np.where(rng.uniform(size=full.shape) < share, NAN, full)
    ys[:, 0] = full[:, 0]
    ys[:, 1:4] = NAN
    ys[5, 2] = full[5, 2]
    ys[[3, 8], 3] = full[[3, 8], 3]
    return ys


def filled(ys: np.ndarray, start: float | None, end: bool) -> np.ndarray:
    """The ends filled, one channel after the other."""
    ys = ys.copy()
    for y in ys.T:
        if start is not None and np.isnan(y[0]):
            y[0] = start
        seen = np.flatnonzero(~np.isnan(y))
        if end and len(seen):
            y[seen[-1] :] = y[seen[-1]]
    return ys


def channelwise(ts: np.ndarray, ys: np.ndarray, spline: Callable[[np.ndarray, np.ndarray], Any]) -> list[np.ndarray]:
    """`(d, c, b, a)` at each knot but the last, from `spline(ts, ys)` of the observations of each channel."""
    found = np.full((4, len(ts) - 1, ys.shape[1]), NAN)
    for channel, y in enumerate(ys.T):
        seen = np.flatnonzero(~np.isnan(y))
        if len(seen) < 2:
            continue
        path, inside = spline(ts[seen], y[seen]), slice(seen[0], seen[-1])
        for power, factor in enumerate((1, 1, 2, 6)):
            found[3 - power, inside, channel] = path(ts[inside], power) / factor
    return list(found)
