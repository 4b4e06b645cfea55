"""Random removal of observations."""

import dataclasses

import numpy as np
from jaxtyping import Bool, Int

from nde.data.panel.shuffle import random_words
from nde.data.panel.time_series import TimeSeries
from nde.data.table import DataError


def drop_observations(panel: TimeSeries, fraction: float, *, seed: int = 0, per_channel: bool = False) -> TimeSeries:
    """Drop a random fraction of the observations of each series, independently for each series.

    From a series of 10 rows, a fraction of 0.3 drops exactly 3 rows (rounded down) with all their channels. With
    `per_channel`, it drops 3 of 10 observations of each channel, independently; they become missing values, and the
    rows stay. Each series keeps at least one observation.

    Args:
        panel: The panel.
        fraction: The fraction to drop, at least 0 and less than 1.
        seed: Seed, non-negative. The result depends only on it and the panel.
        per_channel: Whether to drop observations of each channel independently.

    Returns:
        The panel without the dropped observations.

    Raises:
        DataError: If the fraction is out of range, or the seed is negative.

    Source:
        Kidger, Morrill, Foster and Lyons (2020), section 4.1, doi:10.48550/arXiv.2005.08926, whose experiments drop 30,
        50 and 70%.

    Example:
        ```python
        import numpy as np
        import nde
        from nde.data import drop_observations

        panel = nde.TimeSeries.from_arrays(np.zeros((2, 10, 1)))
        print([list(series.ts) for series in drop_observations(panel, 0.7, seed=1)])
        ```
    """
    if not 0 <= fraction < 1:
        raise DataError(f"fraction must be at least 0 and less than 1; got {fraction}.")
    return _without_values(panel, fraction, seed) if per_channel else _without_rows(panel, fraction, seed)


def _without_rows(panel: TimeSeries, fraction: float, seed: int) -> TimeSeries:
    owners, seen = panel.owners, np.any(panel.observed, axis=1)
    places = _random_ranks(owners, panel.starts, seen, seed)
    kept = places >= _count_of(panel.lengths, fraction)[owners]
    lengths = np.add.reduceat(kept.astype(np.int64), panel.starts)
    return dataclasses.replace(panel, ts=panel.ts[kept], ys=panel.ys[kept], lengths=lengths)


def _random_ranks(
    owners: Int[np.ndarray, " rows"],
    starts: Int[np.ndarray, " series"],
    seen: Bool[np.ndarray, " rows"],
    seed: int,
) -> Int[np.ndarray, " rows"]:
    """The rank of each row in a random order of its series, in which the last row has an observation."""
    words = random_words(len(owners), seed)
    order = np.lexsort((words, owners))
    # The last observed row moves to the end; if all rows are observed, it is there already.
    candidates = np.where(seen[order], np.arange(len(order)), -1)
    last = order[np.maximum.reduceat(candidates, starts)]
    at_end = np.zeros(len(owners), bool)
    at_end[last] = True
    order = np.lexsort((words, at_end, owners))
    places = np.empty(len(owners), np.int64)
    places[order] = np.arange(len(owners)) - starts[owners[order]]
    return places


def _without_values(panel: TimeSeries, fraction: float, seed: int) -> TimeSeries:
    rows, channels = np.nonzero(panel.observed)
    # One group for each channel of each series.
    groups = panel.owners[rows] * len(panel.channels) + channels
    order = np.lexsort((random_words(len(rows), seed), groups))
    sizes = np.bincount(groups, minlength=len(panel) * len(panel.channels))
    places = np.arange(len(rows)) - (np.cumsum(sizes) - sizes)[groups[order]]
    dropped = order[places < _count_of(sizes, fraction)[groups[order]]]
    ys = panel.ys.copy()
    ys[rows[dropped], channels[dropped]] = np.nan
    return dataclasses.replace(panel, ys=ys)


def _count_of(counts: Int[np.ndarray, " groups"], fraction: float) -> Int[np.ndarray, " groups"]:
    # 0.29 of 100 is 29, although the floating-point product is slightly less.
    return np.floor(counts * fraction + 1e-9).astype(np.int64)
