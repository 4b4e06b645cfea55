"""What is kept from a model to judge it."""

import dataclasses

import numpy as np
from jaxtyping import Bool, Float, Int

from nde.cli.panel.names import IMPUTE
from nde.data import drop_observations
from nde.data.panel import TimeSeries

_SEEN = 2 / 3
"""The share of the time of a series after which it is forecast."""
_LAST = 0.2
"""The share of the rows of a series that are forecast, if there are too few series to keep some for the test."""
_HIDDEN = 0.2
"""The share of the observations of each channel that are hidden."""
_SEED = 1_000_003
"""Far from the seeds by which observations are dropped."""


@dataclasses.dataclass(frozen=True, eq=False)
class Held:
    """Series as a model sees them, and what was kept from it.

    Attributes:
        seen: The series as the model sees them.
        times: For each series the times at which it is asked.
        truth: What was observed there and not seen; `nan` for all else.
    """

    seen: TimeSeries
    times: list[Float[np.ndarray, " _"]]
    truth: list[Float[np.ndarray, "_ channels"]]

    def __getitem__(self, places: Int[np.ndarray, " some"]) -> "Held":
        """Some of the series."""
        return Held(self.seen[places], [self.times[i] for i in places], [self.truth[i] for i in places])


def held_of(panel: TimeSeries, task: str, seed: int) -> Held | None:
    """What comes after a cut, or observations here and there, of all series of which there is any."""
    if task == IMPUTE:
        return hidden(panel, seed)
    ends = [float(series.ts[0] + _SEEN * (series.ts[-1] - series.ts[0])) for series in panel]
    rows = [int(np.searchsorted(series.ts, end, side="right")) for series, end in zip(panel, ends, strict=True)]
    return _after(panel, np.array(rows, np.int64))


def last_rows_of(panel: TimeSeries) -> Held | None:
    """The last fifth of the rows of each series."""
    return _after(panel, panel.lengths - np.maximum(1, np.rint(_LAST * panel.lengths).astype(np.int64)))


def hidden(panel: TimeSeries, seed: int) -> Held | None:
    """A fifth of the observations of each channel of each series."""
    seen = with_hidden(panel, seed)
    truth = np.where(seen.observed, np.nan, panel.ys)
    told = [truth[start : start + length] for start, length in zip(panel.starts, panel.lengths, strict=True)]
    found = Held(seen, [series.ts for series in panel], told)
    places = np.flatnonzero([not np.isnan(each).all() for each in told])
    return found[places] if places.size else None


def with_hidden(panel: TimeSeries, seed: int) -> TimeSeries:
    """The series without what `hidden` hides."""
    return drop_observations(panel, _HIDDEN, seed=3 * seed + _SEED, per_channel=True)


def _after(panel: TimeSeries, rows: Int[np.ndarray, " series"]) -> Held | None:
    """What comes after so many rows of each series, if something was observed before and after."""
    known = np.any(panel.observed, axis=1)
    ends = panel.starts + panel.lengths
    parts = list(zip(panel.starts, panel.starts + rows, ends, strict=True))
    usable = np.array([known[a:b].any() and known[b:c].any() for a, b, c in parts], bool)
    if not usable.any():
        return None
    first = _first_rows(panel[usable], rows[usable])
    after = [slice(b, c) for (_, b, c), use in zip(parts, usable, strict=True) if use]
    return Held(first, [panel.ts[part] for part in after], [panel.ys[part] for part in after])


def _first_rows(panel: TimeSeries, rows: Int[np.ndarray, " series"]) -> TimeSeries:
    kept: Bool[np.ndarray, " rows"] = np.arange(len(panel.ts)) - panel.starts[panel.owners] < rows[panel.owners]
    return dataclasses.replace(panel, ts=panel.ts[kept], ys=panel.ys[kept], lengths=rows)
