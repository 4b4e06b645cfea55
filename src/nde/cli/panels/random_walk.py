"""Random walks: the baseline of generated series."""

import numpy as np
from jaxtyping import Float

from nde.data.panel import TimeSeries
from nde.metrics.rows import filled

WALK = "random walk"
"""Its name."""


def random_walks(train: TimeSeries, times: list[Float[np.ndarray, " _"]], seed: int) -> TimeSeries:
    """Draw series that begin as one of the data, and go on by steps of the data, each scaled to its time.

    A step over a time `s` is one of the data over a time `r`, times the root of `s / r`: so it is in Brownian motion.

    Args:
        train: The data.
        times: Of each series.
        seed: Of what is drawn.
    """
    random = np.random.default_rng(seed)
    values = [ys[:length] for ys, length in zip(filled(train, "values"), train.lengths, strict=True)]
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
