"""What is withheld from a model to test it on the series themselves."""

import dataclasses

import numpy as np
from jaxtyping import Bool, Float, Int

from nde.data import drop_observations
from nde.data.panel import TimeSeries

_SEEN = 2 / 3
"""The share of the time of a series after which it is forecast."""
_LAST = 0.2
"""The share of the rows of a series that are forecast, if there are too few series to set some aside for the test."""
_HIDDEN = 0.2
"""The share of the observations of each channel that are hidden."""
_SEED = 1_000_003
"""Far from the seeds by which observations are dropped."""


@dataclasses.dataclass(frozen=True, eq=False)
class Holdout:
    """Series as a model sees them, and what is withheld from it.

    Attributes:
        inputs: The series as the model sees them.
        times: For each series the times at which it is predicted.
        truth: What was observed there and is not in the inputs; `nan` for all else.
    """

    inputs: TimeSeries
    times: list[Float[np.ndarray, " _"]]
    truth: list[Float[np.ndarray, "_ channels"]]

    def __getitem__(self, places: Int[np.ndarray, " some"]) -> "Holdout":
        """Some of the series."""
        return Holdout(self.inputs[places], [self.times[i] for i in places], [self.truth[i] for i in places])


def hold_out_future(panel: TimeSeries) -> Holdout | None:
    """Withhold the last third of the time of each series; `None` if no series has observations before and after."""
    ends = [float(series.ts[0] + _SEEN * (series.ts[-1] - series.ts[0])) for series in panel]
    rows = [int(np.searchsorted(series.ts, end, side="right")) for series, end in zip(panel, ends, strict=True)]
    return _after(panel, np.array(rows, np.int64))


def hold_out_last_rows(panel: TimeSeries) -> Holdout | None:
    """Withhold the last fifth of the rows of each series; `None` if no series has observations before and after."""
    return _after(panel, panel.lengths - np.maximum(1, np.rint(_LAST * panel.lengths).astype(np.int64)))


def hold_out_observations(panel: TimeSeries, seed: int) -> Holdout | None:
    """Withhold a fifth of the observations of each channel of each series; `None` if there are too few."""
    inputs = hide_observations(panel, seed)
    hidden = np.where(inputs.observed, np.nan, panel.ys)
    truth = [hidden[start : start + length] for start, length in zip(panel.starts, panel.lengths, strict=True)]
    holdout = Holdout(inputs, [series.ts for series in panel], truth)
    places = np.flatnonzero([not np.isnan(each).all() for each in truth])
    return holdout[places] if places.size else None


def hide_observations(panel: TimeSeries, seed: int) -> TimeSeries:
    """The series without what `hold_out_observations` withholds."""
    return drop_observations(panel, _HIDDEN, seed=3 * seed + _SEED, per_channel=True)


def _after(panel: TimeSeries, rows: Int[np.ndarray, " series"]) -> Holdout | None:
    """Withhold what comes after so many rows of each series, if something was observed before and after."""
    known = np.any(panel.observed, axis=1)
    ends = panel.starts + panel.lengths
    parts = list(zip(panel.starts, panel.starts + rows, ends, strict=True))
    usable = np.array([known[a:b].any() and known[b:c].any() for a, b, c in parts], bool)
    if not usable.any():
        return None
    first = _first_rows(panel[usable], rows[usable])
    after = [slice(b, c) for (_, b, c), use in zip(parts, usable, strict=True) if use]
    return Holdout(first, [panel.ts[part] for part in after], [panel.ys[part] for part in after])


def _first_rows(panel: TimeSeries, rows: Int[np.ndarray, " series"]) -> TimeSeries:
    kept: Bool[np.ndarray, " rows"] = np.arange(len(panel.ts)) - panel.starts[panel.owners] < rows[panel.owners]
    return dataclasses.replace(panel, ts=panel.ts[kept], ys=panel.ys[kept], lengths=rows)
