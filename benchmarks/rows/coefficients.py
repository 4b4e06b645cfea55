"""Coefficients of paths through many series with gaps."""

from functools import cache

import numpy as np

from benchmarks.peers.splines import Data, OurSplines, SciPySplines, TorchCDE
from benchmarks.row import Row
from benchmarks.side import Side

TIMES, CHANNELS, MISSING = 500, 12, 0.3
TARGET = 5.0
WORK = {"natural": "Natural cubic splines", "Hermite": "Backward Hermite splines", "linear": "Linear filling"}


def rows() -> list[Row]:
    """Three kinds of paths; torchcde, which would take minutes, runs on a tenth of the series."""
    return [row for kind in WORK for row in (_row(kind, 1000, SciPySplines(kind)), _row(kind, 100, TorchCDE()))]


def _row(kind: str, series: int, peer: Side) -> Row:
    work = f"{WORK[kind]}, {series} × {TIMES} × {CHANNELS}, {MISSING:.0%} missing"
    return Row(work, Data(kind, *_series(series)), OurSplines(), {peer: TARGET})


@cache
def _series(count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    ys = rng.normal(size=(count, TIMES, CHANNELS))
    return np.sort(rng.uniform(0, 10, TIMES)), np.where(rng.uniform(size=ys.shape) < MISSING, np.nan, ys)
