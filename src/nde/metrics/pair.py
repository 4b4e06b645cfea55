"""Two panels that are to be compared."""

from typing import Any

import numpy as np

from nde.data import DataError, as_panel
from nde.data.panel import TimeSeries


def one_panel(panel: Any) -> TimeSeries:
    """A panel, of numbers for times, without features and targets.

    Raises:
        DataError: If it can be none.
    """
    return _bare(as_panel(panel), None)


def two_panels(real: Any, fake: Any, *, least: int = 2) -> tuple[TimeSeries, TimeSeries]:
    """Two panels of the same channels.

    Args:
        real: A panel, or arrays.
        fake: A panel, or arrays; their channels are those of `real`.
        least: How many series each wants.

    Raises:
        DataError: If one can be no panel, channels differ, or there are too few series.
    """
    first = as_panel(real)
    second = as_panel(fake, channels=first.channels)
    if len(first.channels) != len(second.channels):
        raise DataError(
            f"Got real series with {len(first.channels)} channels and generated ones with {len(second.channels)}; the "
            "same are wanted."
        )
    if isinstance(fake, TimeSeries) and isinstance(real, TimeSeries) and first.channels != second.channels:
        raise DataError(
            f"Got real series of the channels {', '.join(first.channels)} and generated ones of "
            f"{', '.join(second.channels)}; the same are wanted, in the same order."
        )
    for what, panel in (("real", first), ("generated", second)):
        if len(panel) < least:
            raise DataError(f"Got {len(panel)} {what} series; {least} or more are wanted. Generating more may do.")
    return _bare(first, None), _bare(second, first.channels)


def some_of(panel: TimeSeries, most: int, seed: int) -> TimeSeries:
    """At most so many series, drawn at random, in their order."""
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
