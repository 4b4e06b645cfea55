"""Notes on the data of a panel: sentences for the user."""

from collections.abc import Hashable, Iterable

import numpy as np
from jaxtyping import Float

from nde.data.panel.time_series import TimeSeries
from nde.data.plural import pluralize

_MOST = 5
"""The largest number of names in a sentence."""
_SENTINELS = (
    *(sign * number for number in (99.0, 99.9, 999.0, 999.9, 9999.0, 99999.0, 999999.0, 9999.99) for sign in (-1, 1)),
    *(-32768.0, 1e20, -1e20, 1e30, -1e30, 9.96921e36),
)
"""Numbers that stand for a missing value in many files."""


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


def notes_on_sentinels(name: str, values: Float[np.ndarray, " rows"], noun: str = "row") -> list[str]:
    """A note on values of a column such as -9999 that lie far from all others, and may mean missing ones.

    Args:
        name: The name of the column.
        values: Its values.
        noun: What has one value each.
    """
    for sentinel in _SENTINELS:
        here = values == sentinel
        others = values[~np.isnan(values) & ~here & ~np.isin(values, _SENTINELS)]
        if not here.any() or len(others) < 2:
            continue
        low, high = others.min(), others.max()
        if max(low - sentinel, sentinel - high) > max(high - low, abs(low), abs(high)):
            rows = pluralize(int(here.sum()), noun)
            return [
                f"Column '{name}' is {sentinel:g} in {rows}, far from all other values. If that means a missing value, "
                "leave those cells empty; it was taken as a number."
            ]
    return []
