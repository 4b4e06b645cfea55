"""Sentences about a panel: what is odd about it."""

from collections.abc import Hashable, Iterable

import numpy as np

from nde.data.panel.time_series import TimeSeries

_MOST = 5
"""Names in a sentence."""


def named(names: Iterable[Hashable]) -> str:
    """Names for a sentence: all of them, or the first and how many more there are."""
    every = [f"'{name}'" for name in names]
    if len(every) <= _MOST:
        return ", ".join(every)
    return f"{', '.join(every[: _MOST - 1])} and {len(every) - _MOST + 1} more"


def counted(count: int, what: str) -> str:
    """So many of something; `series` are many in the same way as one."""
    return f"{count} {what}" if count == 1 or what.endswith("s") else f"{count} {what}s"


def of_series(panel: TimeSeries) -> list[str]:
    """What is said about series that can hardly tell anything."""
    seen = np.add.reduceat(panel.observed.any(axis=1).astype(int), panel.starts)
    once = [panel.ids[place] for place in np.flatnonzero(seen == 1)]
    if not once:
        return []
    return [f"{counted(len(once), 'series')} of a single observation: {named(once)}; a path through it stands still."]


def of_channels(panel: TimeSeries) -> list[str]:
    """What is said about channels that tell nothing."""
    said = []
    for name, values in zip(panel.channels, panel.ys.T, strict=True):
        known = values[~np.isnan(values)]
        if not known.size:
            said.append(f"Channel '{name}' was never observed.")
        elif known.min() == known.max():
            said.append(f"Channel '{name}' is constant ({known[0]:g}): its values tell nothing.")
    return said
