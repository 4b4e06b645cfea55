"""The method that was chosen for one channel of many series."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from nde.estimators.forecasting.distribution import Distribution
from nde.estimators.panels.cell import Cell
from nde.estimators.panels.comparison import Rolled, kept_scores, width
from nde.estimators.panels.curves import CurvesOfOthers
from nde.estimators.panels.linear_sde import OWN, Form, LinearSDE
from nde.estimators.panels.plain import PLAIN_METHODS, AbstractPanelMethod


@dataclasses.dataclass(frozen=True)
class Chosen:
    """A method, and what it needs to know of the series that it was chosen on.

    Attributes:
        name: The method.
        form: What a linear SDE is of; `None` for other methods.
        shared: The parameters of a linear SDE for series that have none of their own.
        deviations: How many standard deviations values of the past were from their forecasts; sorted, or some of them.
        count: How many values of the past there were.
    """

    name: str
    form: Form | None = None
    shared: dict[str, float] = dataclasses.field(default_factory=dict)
    deviations: tuple[float, ...] = ()
    count: int = 0

    @classmethod
    def of(cls, found: Rolled) -> "Chosen":
        """The method of a comparison."""
        method, scores = found.method, found.deviations
        form, shared = (method.form, method.shared) if isinstance(method, LinearSDE) else (None, {})
        return cls(method.name, form, shared, tuple(kept_scores(scores)), len(scores))

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> "Chosen":
        """Read what `dataclasses.asdict` returned."""
        form = None if saved["form"] is None else Form(**saved["form"])
        return cls(**{**saved, "form": form, "deviations": tuple(saved["deviations"])})

    def width(self, level: float) -> float:
        """How many standard deviations an interval that covers such a share reaches to either side."""
        return width(self.deviations, self.count, level)

    def method(self, curves: CurvesOfOthers) -> AbstractPanelMethod:
        """The method itself."""
        if self.form is not None:
            return LinearSDE(self.form, self.shared, own=self.name == OWN)
        return curves if self.name == curves.name else PLAIN_METHODS[self.name]


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

    def forecast(self, cells: Sequence[Cell], curves: CurvesOfOthers) -> list[tuple[Distribution, Chosen]]:
        """Forecast each cell from its last point, and say by which method."""
        by = [self.best if self.rest is None or curves.reaches(cell) else self.rest for cell in cells]
        found: dict[int, tuple[Distribution, Chosen]] = {}
        for chosen in filter(None, (self.best, self.rest)):
            places = [place for place, own in enumerate(by) if own is chosen]
            forecasts = chosen.method(curves).forecast([cells[place] for place in places]) if places else []
            found |= {place: (own[0], chosen) for place, own in zip(places, forecasts, strict=True)}
        return [found[place] for place in range(len(cells))]

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> "ChannelMethod":
        """Read what `dataclasses.asdict` returned."""
        rest = None if saved["rest"] is None else Chosen.from_dict(saved["rest"])
        return cls(**{**saved, "best": Chosen.from_dict(saved["best"]), "rest": rest})
