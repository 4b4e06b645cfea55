"""Panels to test with."""

import numpy as np

import nde


def ragged(series: int = 7, channels: int = 2, seed: int = 0, gaps: float = 0.3) -> nde.TimeSeries:
    """Series of lengths from 1 to 9 with irregular times and gaps; the first channel's first row is never a gap."""
    random = np.random.default_rng(seed)
    values, ts = [], []
    for _ in range(series):
        length = int(random.integers(1, 10))
        ys = random.normal(size=(length, channels))
        ys[random.random(ys.shape) < gaps] = np.nan
        ys[0, 0] = 1.0
        values.append(ys)
        ts.append(np.cumsum(random.exponential(size=length)))
    return nde.TimeSeries.from_arrays(
        values, ts, static=random.normal(size=(series, 1)), targets=random.integers(0, 2, series)
    )
