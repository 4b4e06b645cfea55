"""Log-signatures of a batch of series, and their gradient, compared to a dedicated package."""

from dataclasses import dataclass

import numpy as np

from benchmarks.peers.signatures import OUR_LOGSIGNATURE, SIGNAX
from benchmarks.row import Row

BATCH, LENGTH, CHANNELS, DEPTH = 64, 200, 5, 3


@dataclass(frozen=True, eq=False)
class Series:
    """Random walks of shape `(batch, length, channels)`, for their log-signatures.

    Args:
        xs: the series.
        depth: the highest level.
        gradient: whether to compute the gradient of the sum of squares with respect to the series instead.
    """

    xs: np.ndarray
    depth: int
    gradient: bool

    x64: bool = False


def rows() -> list[Row]:
    """Values and gradients."""
    steps = np.random.default_rng(0).normal(size=(BATCH, LENGTH, CHANNELS)) / LENGTH**0.5
    xs = np.cumsum(steps, axis=1)
    return [_row(Series(xs, DEPTH, gradient)) for gradient in (False, True)]


def _row(series: Series) -> Row:
    what = "gradient of log-signature" if series.gradient else "log-signature"
    work = f"{what}, depth {DEPTH}, {CHANNELS} channels, {BATCH} series of {LENGTH} points"
    return Row(work, series, OUR_LOGSIGNATURE, {SIGNAX: None})
