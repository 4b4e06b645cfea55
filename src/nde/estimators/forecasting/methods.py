"""Ways to forecast a series, and the plain ones among them."""

import abc
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from nde.estimators.forecasting.distribution import Distribution, normal
from nde.estimators.forecasting.history import History, Times, Values


class AbstractForecastMethod(abc.ABC):
    """A way to forecast a series.

    Attributes:
        name: Its name in tables.
        plain: Whether a practitioner would write it in a line.
    """

    name: ClassVar[str]
    plain: ClassVar[bool]

    @abc.abstractmethod
    def suits(self, history: History) -> bool:
        """Whether the method can forecast this series."""

    @abc.abstractmethod
    def forecast(self, history: History, cuts: Sequence[int], ahead: Sequence[Times]) -> list[Distribution]:
        """Forecast from several points of a series, each from the rows before it alone.

        Args:
            history: The whole series.
            cuts: How many rows are known at each point.
            ahead: The times to forecast from each point, after the last known row.
        """


class AbstractPlainMethod(AbstractForecastMethod):
    """A method that forecasts from each point by itself."""

    plain: ClassVar[bool] = True

    def suits(self, history: History) -> bool:
        """Always."""
        del history
        return True

    def forecast(self, history: History, cuts: Sequence[int], ahead: Sequence[Times]) -> list[Distribution]:
        """Forecast from each point, see the base class."""
        return [self.continue_(history.until(cut), times) for cut, times in zip(cuts, ahead, strict=True)]

    @abc.abstractmethod
    def continue_(self, history: History, ahead: Values) -> Distribution:
        """Forecast a series from its end."""


class Mean(AbstractPlainMethod):
    """The mean of all values."""

    name: ClassVar[str] = "mean"

    def continue_(self, history: History, ahead: Values) -> Distribution:
        """Forecast a series from its end."""
        return _around(np.full(len(ahead), np.nanmean(history.ys)), _spread(history.ys - np.nanmean(history.ys)))


class Last(AbstractPlainMethod):
    """The last value."""

    name: ClassVar[str] = "last value"

    def continue_(self, history: History, ahead: Values) -> Distribution:
        """Forecast a series from its end."""
        filled = history.filled
        return _walk(np.full(len(ahead), filled[-1]), np.diff(filled), ahead - history.ts[-1])


class Drift(AbstractPlainMethod):
    """The line through the first and the last value."""

    name: ClassVar[str] = "drift"

    def continue_(self, history: History, ahead: Values) -> Distribution:
        """Forecast a series from its end."""
        filled = history.filled
        slope = (filled[-1] - filled[0]) / (history.ts[-1] - history.ts[0])
        steps = np.diff(filled) - slope * np.diff(history.ts)
        return _walk(filled[-1] + slope * (ahead - history.ts[-1]), steps, ahead - history.ts[-1])


class SeasonalNaive(AbstractPlainMethod):
    """The value one season before, or as many seasons before as are needed for it to be known."""

    name: ClassVar[str] = "seasonal naive"

    def suits(self, history: History) -> bool:
        """With a season that was seen once."""
        return history.period is not None and bool(history.ts[-1] - history.ts[0] >= history.period)

    def continue_(self, history: History, ahead: Values) -> Distribution:
        """Forecast a series from its end."""
        assert history.period is not None
        filled, end = history.filled, history.ts[-1]
        seasons = np.maximum(np.ceil((ahead - end) / history.period - 1e-9), 1)
        center = np.interp(ahead - seasons * history.period, history.ts, filled)
        before = np.interp(history.ts - history.period, history.ts, filled, left=np.nan)
        return _around(center, _spread(filled - before) * np.sqrt(seasons))


PLAIN: tuple[AbstractForecastMethod, ...] = (Last(), Mean(), Drift(), SeasonalNaive())
"""The methods that need no fit."""


def _spread(errors: Values) -> float:
    """A standard deviation that is not zero."""
    found = float(np.sqrt(np.nanmean(errors**2))) if np.isfinite(errors).any() else 0.0
    return max(found, 1e-12)


def _around(center: Values, deviation: float | Values) -> Distribution:
    return normal(center, deviation)


def _walk(center: Values, steps: Float[np.ndarray, " steps"], gaps: Values) -> Distribution:
    """Errors that grow as those of a random walk."""
    return _around(center, _spread(steps) * np.sqrt(np.maximum(gaps, 1e-12)))
