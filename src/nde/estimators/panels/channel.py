"""The method that was chosen for one channel of many series."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from nde.estimators.forecasting.distribution import Distribution, normal
from nde.estimators.forecasting.history import Times
from nde.estimators.panels.cell import Cell
from nde.estimators.panels.comparison import Rolled
from nde.estimators.panels.curves import CurvesOfOthers
from nde.estimators.panels.linear_sde import OWN, Form, LinearSDE
from nde.estimators.panels.plain import PLAIN_METHODS, AbstractPanelMethod
from nde.estimators.panels.widths import Widths


@dataclasses.dataclass(frozen=True)
class Chosen:
    """A method, and what it needs to know of the series that it was chosen on.

    Attributes:
        name: The method.
        form: What a linear SDE is of; `None` for other methods.
        shared: The parameters of a linear SDE for series that have none of their own.
        widths: How wide its intervals must be.
    """

    name: str
    form: Form | None = None
    shared: dict[str, float] = dataclasses.field(default_factory=dict)
    widths: Widths = dataclasses.field(default_factory=Widths)

    @classmethod
    def of(cls, found: Rolled) -> "Chosen":
        """The method of a comparison."""
        method = found.method
        form, shared = (method.form, method.shared) if isinstance(method, LinearSDE) else (None, {})
        return cls(method.name, form, shared, found.widths)

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> "Chosen":
        """Read what `dataclasses.asdict` returned."""
        form = None if saved["form"] is None else Form(**saved["form"])
        return cls(**{**saved, "form": form, "widths": Widths.from_dict(saved["widths"])})

    def method(self, curves: CurvesOfOthers) -> AbstractPanelMethod:
        """The method itself."""
        if self.form is not None:
            return LinearSDE(self.form, self.shared, own=self.name == OWN)
        return curves if self.name == curves.name else PLAIN_METHODS[self.name]


@dataclasses.dataclass(frozen=True)
class CellForecast:
    """The forecast of one channel of one series.

    Attributes:
        distribution: The distributions of the values.
        method: The method.
        ahead: How far the values are from the last one known, in typical spacings.
    """

    distribution: Distribution
    method: Chosen
    ahead: Times

    def interval(self, level: float) -> tuple[Times, Times]:
        """The lower and the upper end of the interval that covers a share of the values."""
        reach = self.method.widths.at(level, self.ahead)
        return self.distribution.at(-reach), self.distribution.at(reach)


@dataclasses.dataclass(frozen=True)
class ChannelMethod:
    """How a channel is forecast.

    Attributes:
        best: The method that did best.
        rest: If that reads other series, the method for series that are longer than the others.
        period: The period of the season in typical spacings, if there is one.
        typical: The typical step from value to value.
        mean: The mean of all values, for series without a value.
        deviation: Their standard deviation.
    """

    best: Chosen
    rest: Chosen | None
    period: float | None
    typical: float
    mean: float
    deviation: float

    def forecast(self, cells: Sequence[Cell], curves: CurvesOfOthers) -> list[CellForecast]:
        """Forecast each cell from its last point."""
        by = [self.best if self.rest is None or curves.reaches(cell) else self.rest for cell in cells]
        found: dict[int, CellForecast] = {}
        for chosen in filter(None, (self.best, self.rest)):
            places = [place for place, own in enumerate(by) if own is chosen]
            forecasts = chosen.method(curves).forecast([cells[place] for place in places]) if places else []
            for place, (distribution,) in zip(places, forecasts, strict=True):
                ahead = cells[place].ahead[0] - cells[place].history.ts[-1]
                found[place] = CellForecast(distribution, chosen, ahead)
        return [found[place] for place in range(len(cells))]

    def constant(self, times: int) -> CellForecast:
        """The forecast of a series without a value."""
        distribution = normal(np.full(times, self.mean), self.deviation)
        return CellForecast(distribution, self.best, np.ones(times))

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> "ChannelMethod":
        """Read what `dataclasses.asdict` returned."""
        rest = None if saved["rest"] is None else Chosen.from_dict(saved["rest"])
        return cls(**{**saved, "best": Chosen.from_dict(saved["best"]), "rest": rest})
