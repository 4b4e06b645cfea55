"""What a generator has to beat: series that need no model."""

import numpy as np
from jaxtyping import Float

from nde.data.panel import TimeSeries

WALK = "random walk"
"""Steps of the data, drawn at random, one after the other."""


def random_walks(train: TimeSeries, times: list[Float[np.ndarray, " _"]], seed: int) -> TimeSeries:
    """Series that begin as one of the data, and go on by steps of the data, each as far as its time allows.

    A step over a time `s` is one of the data over a time `r`, times the root of `s / r`: so it is in Brownian motion.

    Args:
        train: The data.
        times: Of each series.
        seed: Of what is drawn.
    """
    random = np.random.default_rng(seed)
    values = [_filled(series.ts, series.ys) for series in train]
    starts = np.stack([each[0] for each in values])
    steps = np.concatenate(
        [np.diff(ys, axis=0) / np.sqrt(np.diff(s.ts))[:, None] for s, ys in zip(train, values, strict=True)]
    )
    steps = steps if len(steps) else np.zeros((1, starts.shape[1]))
    walks = []
    for own in times:
        drawn = steps[random.integers(len(steps), size=len(own) - 1)] * np.sqrt(np.diff(own))[:, None]
        walks.append(
            starts[random.integers(len(starts))] + np.concatenate([np.zeros((1, drawn.shape[1])), drawn]).cumsum(axis=0)
        )
    return TimeSeries.from_arrays(walks, times, channels=train.channels)


def _filled(
    ts: Float[np.ndarray, " rows"], ys: Float[np.ndarray, "rows channels"]
) -> Float[np.ndarray, "rows channels"]:
    """The channels with lines over their gaps; zero if nothing was observed."""
    return np.stack([_line(ts, each) for each in ys.T], axis=1)


def _line(ts: Float[np.ndarray, " rows"], ys: Float[np.ndarray, " rows"]) -> Float[np.ndarray, " rows"]:
    known = ~np.isnan(ys)
    return np.interp(ts, ts[known], ys[known]) if known.any() else np.zeros(len(ts))
