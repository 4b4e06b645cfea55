"""Validation of panels to compare."""

from typing import Any

import numpy as np

from nde.data import DataError, as_panel
from nde.data.panel import TimeSeries
from nde.data.plural import pluralize


def one_panel(panel: Any) -> TimeSeries:
    """A panel with numeric times, without static features and targets.

    Raises:
        DataError: If the input is not a panel.
    """
    return _bare(as_panel(panel), None)


def two_panels(real: Any, fake: Any, *, least: int = 2) -> tuple[TimeSeries, TimeSeries]:
    """Two panels with the same channels.

    Args:
        real: A panel, or an array.
        fake: A panel, or an array, which takes the channel names of `real`.
        least: The smallest number of series of each.

    Raises:
        DataError: If an input is not a panel, the channels differ, or there are too few series.
    """
    first = as_panel(real)
    second = as_panel(fake, channels=first.channels)
    if len(first.channels) != len(second.channels):
        raise DataError(
            f"Got real series with {pluralize(len(first.channels), 'channel')} and generated ones with "
            f"{len(second.channels)}; both must have the same channels."
        )
    if isinstance(fake, TimeSeries) and isinstance(real, TimeSeries) and first.channels != second.channels:
        raise DataError(
            f"Got real series with channels {', '.join(first.channels)} and generated ones with "
            f"{', '.join(second.channels)}; both must have the same channels, in the same order."
        )
    for what, panel in (("real", first), ("generated", second)):
        if len(panel) < least:
            raise DataError(f"Got {len(panel)} {what} series; at least {least} are needed.")
    return _bare(first, None), _bare(second, first.channels)


def some_of(panel: TimeSeries, most: int, seed: int) -> TimeSeries:
    """A random subsample of at most `most` series, in their original order."""
    if len(panel) <= most:
        return panel
    return panel[np.sort(np.random.default_rng([seed, 3]).permutation(len(panel))[:most])]


def _bare(panel: TimeSeries, channels: tuple[str, ...] | None) -> TimeSeries:
    return TimeSeries.from_arrays(
        np.split(panel.ys, panel.starts[1:]),
        np.split(panel.ts, panel.starts[1:]),
        ids=panel.ids,
        channels=panel.channels if channels is None else channels,
    )
