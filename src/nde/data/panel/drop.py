"""Observations taken away at random."""

import dataclasses

import numpy as np
from jaxtyping import Bool, Int

from nde.data.panel.shuffle import random_words
from nde.data.panel.time_series import TimeSeries
from nde.data.table import DataError


def drop_observations(panel: TimeSeries, fraction: float, *, seed: int = 0, per_channel: bool = False) -> TimeSeries:
    """Takes away a share of the observations of each series, drawn afresh for every series.

    Of a series of 10 rows and a fraction of 0.3 exactly 3 rows go (rounded down), with all of their channels. With
    `per_channel` it is 3 of 10 observations of each channel, each drawn afresh; they become gaps, and the rows stay.
    A series keeps at least one observation.

    Args:
        panel: The panel.
        fraction: The share, at least 0 and less than 1.
        seed: What is drawn depends on it and on the panel only.
        per_channel: Whether each channel loses observations of its own.

    Returns:
        The panel without them.

    Raises:
        DataError: If the fraction is no share, or the seed is negative.

    Source:
        The experiments with 30, 50 and 70 % dropped are those of Kidger, Morrill, Foster and Lyons (2020), section
        4.1, doi:10.48550/arXiv.2005.08926.

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
        raise DataError(f"Got the fraction {fraction} of observations to drop; at least 0 and less than 1 is wanted.")
    return _without_values(panel, fraction, seed) if per_channel else _without_rows(panel, fraction, seed)


def _without_rows(panel: TimeSeries, fraction: float, seed: int) -> TimeSeries:
    owners, seen = panel.owners, np.any(panel.observed, axis=1)
    places = _places_drawn(owners, panel.starts, seen, seed)
    kept = places >= _some_of(panel.lengths, fraction)[owners]
    lengths = np.add.reduceat(kept.astype(np.int64), panel.starts)
    return dataclasses.replace(panel, ts=panel.ts[kept], ys=panel.ys[kept], lengths=lengths)


def _places_drawn(
    owners: Int[np.ndarray, " rows"],
    starts: Int[np.ndarray, " series"],
    seen: Bool[np.ndarray, " rows"],
    seed: int,
) -> Int[np.ndarray, " rows"]:
    """The place of each row in a random order of its series, of which the last was observed."""
    words = random_words(len(owners), seed)
    order = np.lexsort((words, owners))
    # The observed row that is drawn last goes to the end: where all rows are observed, it is there.
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
    gone = order[places < _some_of(sizes, fraction)[groups[order]]]
    ys = panel.ys.copy()
    ys[rows[gone], channels[gone]] = np.nan
    return dataclasses.replace(panel, ys=ys)


def _some_of(counts: Int[np.ndarray, " groups"], fraction: float) -> Int[np.ndarray, " groups"]:
    # So that 0.29 of 100 is 29, though the product is a little less.
    return np.floor(counts * fraction + 1e-9).astype(np.int64)
