"""Forecasts of a series by how others went on at the same age."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from nde.data.panel import TimeSeries
from nde.data.panel.clock import UNITS
from nde.estimators.forecasting.distribution import Distribution, normal
from nde.estimators.forecasting.history import Times
from nde.estimators.panels.cell import Cell, evenly
from nde.estimators.panels.plain import AbstractPanelMethod

NAME = "curves of other series"
_MOST_SERIES = 200
_LEAST_SERIES = 4
"""Other series that must go on for long enough."""
_SHARE = 0.5
"""Series that must have such others."""
_PENALTIES = np.geomspace(1e-3, 1e3, 13)
_FAR = 3.0
"""How many times its duration a series may begin after zero, for its times to be ages."""


def are_ages(panel: TimeSeries) -> bool:
    """Whether times of different series count from a beginning of their own, not from one that all share.

    Dates are not, and numbers are not if they are far from zero, such as years.
    """
    if panel.clock.unit is not None:
        return panel.clock.origins.dtype.kind != "M"
    return bool(np.abs(panel.ts).max() <= _FAR * max(np.ptp(series.ts) for series in panel))


@dataclasses.dataclass(frozen=True)
class Curve:
    """The known values of one channel of a series, by age.

    Attributes:
        owner: The place of the series in its panel.
        ages: Times since its beginning.
        ys: Values.
        start: When it began, as all series count; `None` if that does not matter.
    """

    owner: int
    ages: Times
    ys: Times
    start: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return it as numbers."""
        return {"owner": self.owner, "ages": self.ages.tolist(), "ys": self.ys.tolist(), "start": self.start}

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> "Curve":
        """Read what `to_dict` returned."""
        ages, ys = (np.asarray(saved[name], np.float64) for name in ("ages", "ys"))
        return cls(saved["owner"], ages, ys, saved["start"])

    def at(self, ages: Times, end: float | None) -> Times:
        """Values at some ages, on lines between those known until `end`; `nan` beyond."""
        known = slice(None) if end is None or self.start is None else self.start + self.ages <= end
        xs, ys = self.ages[known], self.ys[known]
        return np.interp(ages, xs, ys, left=np.nan, right=np.nan) if xs.size else np.full(len(ages), np.nan)


def curves_of(panel: TimeSeries, channel: int) -> list[Curve]:
    """The curves of the series, or of some of them if they are many."""
    ages, found = are_ages(panel), []
    for place in evenly(_MOST_SERIES, len(panel)):
        series = panel[int(place)]
        known = ~np.isnan(series.ys[:, channel])
        start = None if ages else start_of(panel, int(place))
        found.append(
            Curve(int(place), series.ts[known] - (0.0 if ages else series.ts[0]), series.ys[known, channel], start)
        )
    return found


def start_of(panel: TimeSeries, place: int) -> float:
    """When a series began, in the unit of the panel, as all series count."""
    first = float(panel.ts[panel.starts[place]])
    if panel.clock.unit is None:
        return first
    return float((panel.clock.origins[place] - np.datetime64(0, "D")) / UNITS[panel.clock.unit]) + first


@dataclasses.dataclass(frozen=True)
class CurvesOfOthers(AbstractPanelMethod):
    """A linear regression on the first, middle and last known value, fitted to the other series.

    The other series are read at the same ages, and, where times are dates or years, no later than the point that is
    forecast from. The regression is penalized toward adding the mean change of the others.

    Attributes:
        curves: The other series.
        starts: For each series to forecast, its beginning; `None` if that does not matter.
        offsets: For each series to forecast, its age at time zero of its panel.
        leave_out: Whether the series to forecast are the others, so that each leaves itself out.
    """

    curves: Sequence[Curve]
    starts: Sequence[float | None]
    offsets: Sequence[float]
    leave_out: bool
    name: str = NAME
    plain: bool = False

    def suits(self, cells: Sequence[Cell]) -> bool:
        """Whether enough other series go on for long enough."""
        return bool(cells) and float(np.mean([self.reaches(cell) for cell in cells])) >= _SHARE

    def reaches(self, cell: Cell) -> bool:
        """Whether enough other series go on for long enough to forecast a cell."""
        return all(
            np.count_nonzero(~np.isnan(self._others(cell, cut, query)[1][:, -1])) >= _LEAST_SERIES
            for cut, query in zip(cell.cuts, cell.query, strict=True)
        )

    def forecast(self, cells: Sequence[Cell]) -> list[list[Distribution]]:
        """Forecast each cell, see the base class."""
        return [
            [self._continue(cell, cut, query) for cut, query in zip(cell.cuts, cell.query, strict=True)]
            for cell in cells
        ]

    def _continue(self, cell: Cell, cut: int, query: Times) -> Distribution:
        inputs, outputs, own = self._others(cell, cut, query)
        center, deviation = np.full(len(query), own[-1]), np.full(len(query), cell.typical)
        for place in range(len(query)):
            known = ~np.isnan(outputs[:, place])
            if np.count_nonzero(known) >= _LEAST_SERIES:
                change, spread = _regress(inputs[known], outputs[known, place] - inputs[known, -1], own)
                center[place], deviation[place] = own[-1] + change, max(spread, 0.01 * cell.typical)
            elif place:
                center[place] = center[place - 1]
                deviation[place] = deviation[place - 1] + cell.typical
        return normal(center, deviation)

    def _others(
        self, cell: Cell, cut: int, query: Times
    ) -> tuple[Float[np.ndarray, "series 3"], Float[np.ndarray, "series times"], Float[np.ndarray, " 3"]]:
        """Values of other series at the known ages and at those asked for, and the known values."""
        rows = [0, (cut - 1) // 2, cut - 1]
        ages = cell.times[rows] + self.offsets[cell.series]
        start = self.starts[cell.series]
        end = None if start is None else start + float(ages[-1])
        wanted = query + self.offsets[cell.series]
        others = [curve for curve in self.curves if not (self.leave_out and curve.owner == cell.series)]
        pairs = [(curve.at(ages, end), curve.at(wanted, end)) for curve in others]
        known = [pair for pair in pairs if not np.isnan(pair[0]).any()]
        inputs = np.array([before for before, _ in known]).reshape(-1, len(rows))
        outputs = np.array([after for _, after in known]).reshape(-1, len(query))
        return inputs, outputs, cell.history.ys[rows]


def _regress(
    inputs: Float[np.ndarray, "series 3"], outputs: Float[np.ndarray, " series"], own: Float[np.ndarray, " 3"]
) -> tuple[float, float]:
    """Predict by ridge regression, its penalty chosen by the errors on series left out; also their deviation."""
    center, scale = inputs.mean(axis=0), inputs.std(axis=0)
    x = (inputs - center) / np.where(scale > 0, scale, 1.0)
    left, values, right = np.linalg.svd(x, full_matrices=False)
    mean, target = outputs.mean(), outputs - outputs.mean()
    projected = left.T @ target
    best, chosen = np.inf, 0.0
    for penalty in _PENALTIES * len(x):
        shrunk = values**2 / (values**2 + penalty)
        leverage = (left**2) @ shrunk + 1 / len(x)
        errors = (target - left @ (shrunk * projected)) / np.maximum(1 - leverage, 1e-3)
        error = float(np.mean(errors**2))
        if error < best:
            best, chosen = error, penalty
    weights = right.T @ (values / (values**2 + chosen) * projected)
    return float(mean + ((own - center) / np.where(scale > 0, scale, 1.0)) @ weights), float(np.sqrt(best))


def curves_for(panel: TimeSeries, curves: Sequence[Curve], *, leave_out: bool) -> CurvesOfOthers:
    """The method, to forecast the series of a panel.

    Args:
        panel: The series to forecast.
        curves: The other series.
        leave_out: Whether the curves are those of the panel, so that each series leaves itself out.
    """
    ages = all(curve.start is None for curve in curves)
    starts = [None if ages else start_of(panel, place) for place in range(len(panel))]
    offsets = [0.0 if ages else -float(series.ts[0]) for series in panel]
    return CurvesOfOthers(curves, starts, offsets, leave_out)
