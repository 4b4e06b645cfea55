"""Notes on the data of a panel: sentences for the user."""

from collections.abc import Hashable, Iterable

import numpy as np

from nde.data.panel.time_series import TimeSeries
from nde.data.plural import pluralize

_MOST = 5
"""The largest number of names in a sentence."""


def quote_names(names: Iterable[Hashable]) -> str:
    """Quoted names for a sentence: all of them, or the first few and the number of others."""
    every = [f"'{name}'" for name in names]
    if len(every) <= _MOST:
        return ", ".join(every)
    return f"{', '.join(every[: _MOST - 1])} and {len(every) - _MOST + 1} more"


def notes_on_series(panel: TimeSeries) -> list[str]:
    """Notes on series with a single observation."""
    counts = np.add.reduceat(panel.observed.any(axis=1).astype(int), panel.starts)
    single = [panel.ids[place] for place in np.flatnonzero(counts == 1)]
    if not single:
        return []
    series = pluralize(len(single), "series")
    return [f"{series} of a single observation: {quote_names(single)}; the path of such a series is constant."]


def notes_on_channels(panel: TimeSeries) -> list[str]:
    """Notes on channels that are constant or never observed."""
    notes = []
    for name, values in zip(panel.channels, panel.ys.T, strict=True):
        known = values[~np.isnan(values)]
        if not known.size:
            notes.append(f"Channel '{name}' was never observed.")
        elif known.min() == known.max():
            notes.append(f"Channel '{name}' is constant ({known[0]:g}): its values carry no information.")
    return notes
