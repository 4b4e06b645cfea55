"""Ways to forecast a channel of many series, and those that need no fit."""

import abc
import dataclasses
from collections.abc import Sequence

import numpy as np

from nde.estimators.forecasting.distribution import Distribution, Mixture
from nde.estimators.forecasting.methods import PLAIN, AbstractForecastMethod, Last
from nde.estimators.panels.cell import Cell

_LEAST_ROWS = 2
_FEW_ROWS = 4
"""Rows below which the deviation of a series is not trusted."""
_LEAST_DEVIATION = 0.01


class AbstractPanelMethod(abc.ABC):
    """A way to forecast one channel of many series.

    Attributes:
        name: Its name in tables.
        plain: Whether a practitioner would write it in a line.
    """

    name: str
    plain: bool

    @abc.abstractmethod
    def forecast(self, cells: Sequence[Cell]) -> list[list[Distribution]]:
        """Forecast each cell from each of its points, by the values before that alone."""


@dataclasses.dataclass(frozen=True)
class PlainMethod(AbstractPanelMethod):
    """A method for single series; one that it does not suit keeps its last value.

    Attributes:
        method: The method.
    """

    method: AbstractForecastMethod
    plain: bool = True

    @property
    def name(self) -> str:
        """The name of the method."""
        return self.method.name

    def forecast(self, cells: Sequence[Cell]) -> list[list[Distribution]]:
        """Forecast each cell, see the base class."""
        return [
            [self._continue(cell, cut, ahead) for cut, ahead in zip(cell.cuts, cell.ahead, strict=True)]
            for cell in cells
        ]

    def _continue(self, cell: Cell, cut: int, ahead: np.ndarray) -> Distribution:
        history = cell.history.until(cut)
        method = self.method if cut >= _LEAST_ROWS and self.method.suits(history) else _LAST
        (found,) = method.forecast(history, [cut], [ahead])
        least = cell.typical * (1.0 if cut < _FEW_ROWS else _LEAST_DEVIATION)
        assert isinstance(found, Mixture)
        return dataclasses.replace(found, spread=np.maximum(found.spread, least))


_LAST = Last()
PLAIN_METHODS: dict[str, PlainMethod] = {method.name: PlainMethod(method) for method in PLAIN}
"""The methods that need no fit, by name."""
