"""One channel of one series, and the points that it is forecast from."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from nde.data.panel import TimeSeries
from nde.estimators.forecasting.history import History
from nde.estimators.panels.axis import SeriesAxis, Times

_ORIGINS = 3
"""Points of the past that a series is forecast from."""


@dataclasses.dataclass(frozen=True)
class Cell:
    """The known values of one channel of one series, and the points that it is forecast from.

    Attributes:
        series: The place of the series in its panel.
        history: All known values, at times in typical spacings.
        times: Their times, in the unit of the panel.
        cuts: How many values are known at each point.
        ahead: The times to forecast from each point, in typical spacings.
        query: The same in the unit of the panel.
        typical: The typical step of the channel from value to value.
    """

    series: int
    history: History
    times: Times
    cuts: tuple[int, ...]
    ahead: tuple[Times, ...]
    query: tuple[Times, ...]
    typical: float

    @property
    def known(self) -> list[History]:
        """What is known at each point."""
        return [self.history.until(cut) for cut in self.cuts]

    @property
    def came(self) -> list[Times]:
        """The values that came after each point."""
        return [self.history.ys[cut : cut + len(own)] for cut, own in zip(self.cuts, self.ahead, strict=True)]

    @property
    def scale(self) -> float:
        """The mean absolute step from value to value before the earliest point, at least a part of the typical one."""
        steps = np.abs(np.diff(self.history.ys[: min(self.cuts)]))
        own = float(steps.mean()) if steps.size else self.typical
        return max(own, _LEAST_SCALE * self.typical)


_LEAST_SCALE = 0.1


def evenly(count: int, total: int) -> Int[np.ndarray, " some"]:
    """So many of a number of places, or all, in equal distances: those in all parts of a panel."""
    return np.unique(np.linspace(0, total - 1, min(count, total)).round().astype(np.int64))


def known_rows(panel: TimeSeries, channel: int) -> list[np.ndarray]:
    """For each series, the rows with a value of the channel."""
    return [np.flatnonzero(~np.isnan(series.ys[:, channel])) for series in panel]


def past_cells(
    panel: TimeSeries,
    axes: Sequence[SeriesAxis],
    channel: int,
    period: float | None,
    horizon: int,
) -> list[Cell]:
    """The cells of a channel, to be forecast from points of their past; those of at least two values.

    Args:
        panel: The series.
        axes: The axis of each.
        channel: The place of the channel.
        period: The period of the season in typical spacings, if there is one.
        horizon: How many values to forecast from each point.
    """
    typical, cells = typical_step(panel, channel), []
    for series, (record, rows) in enumerate(zip(panel, known_rows(panel, channel), strict=True)):
        cuts = _cuts(len(rows), horizon, period)
        if cuts:
            steps, times = axes[series].steps[rows], record.ts[rows]
            spans = [slice(cut, cut + horizon) for cut in cuts]
            history = History(steps, record.ys[rows, channel], period)
            ahead, query = tuple(steps[span] for span in spans), tuple(times[span] for span in spans)
            cells.append(Cell(series, history, times, cuts, ahead, query, typical))
    return cells


def last_cells(
    panel: TimeSeries,
    axes: Sequence[SeriesAxis],
    channel: int,
    period: float | None,
    times: Sequence[Times],
    typical: float,
) -> list[Cell]:
    """The cells of a channel, to be forecast from their ends; those of at least one value.

    Args:
        panel: The series.
        axes: The axis of each.
        channel: The place of the channel.
        period: The period of the season in typical spacings, if there is one.
        times: Increasing times to forecast each series at.
        typical: The typical step of the channel.
    """
    cells = []
    for series, (record, rows) in enumerate(zip(panel, known_rows(panel, channel), strict=True)):
        if rows.size:
            history = History(axes[series].steps[rows], record.ys[rows, channel], period)
            ahead = (axes[series].to_steps(times[series]),)
            cells.append(Cell(series, history, record.ts[rows], (len(rows),), ahead, (times[series],), typical))
    return cells


def typical_step(panel: TimeSeries, channel: int) -> float:
    """The mean absolute step of a channel from value to value; if there is none, its deviation, or one."""
    rows = known_rows(panel, channel)
    values = [record.ys[own, channel] for record, own in zip(panel, rows, strict=True)]
    steps = np.concatenate([np.abs(np.diff(own)) for own in values])
    every = np.concatenate(values)
    for found in (steps.mean() if steps.size else 0.0, every.std() if every.size else 0.0):
        if found > 0:
            return float(found)
    return 1.0


def _cuts(rows: int, horizon: int, period: float | None) -> tuple[int, ...]:
    """The points to forecast from, the latest first: those before which a season was seen, or else the latest."""
    wanted = 2 if period is None else int(period) + 2
    cuts = [rows - place * horizon for place in range(1, _ORIGINS + 1)]
    usable = [cut for cut in cuts if cut >= max(2, min(horizon, 8))]
    found = [cut for cut in usable if cut >= wanted] or usable[:1]
    return tuple(found) if found else ((rows - 1,) if rows >= 2 else ())
