"""Compare methods by forecasts from several points of the past."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from nde.estimators.forecasting.distribution import Distribution
from nde.estimators.forecasting.history import History, Times, Values
from nde.estimators.forecasting.methods import AbstractForecastMethod

_MOST_ORIGINS = 4
_LEAST_ROWS = 8


@dataclasses.dataclass(frozen=True)
class Rolling:
    """What a method forecast from points of the past, and what came.

    Attributes:
        forecasts: The distributions forecast from each point.
        came: The values that came; `nan` for unknown ones.
    """

    forecasts: tuple[Distribution, ...]
    came: tuple[Times, ...]

    @property
    def errors(self) -> Float[np.ndarray, " values"]:
        """The errors of the medians, of all points, without gaps."""
        errors = _joined([f.median - ys for f, ys in zip(self.forecasts, self.came, strict=True)])
        return errors[~np.isnan(_joined(self.came))]

    @property
    def rmse(self) -> float:
        """The root mean squared error; infinite if a forecast is not finite."""
        errors = self.errors
        return float(np.sqrt(np.mean(errors**2))) if errors.size and np.isfinite(errors).all() else np.inf

    @property
    def rmse_by_step(self) -> Float[np.ndarray, " steps"]:
        """The root mean squared error of each row ahead; `nan` where no value is known."""
        squares = np.full((len(self.came), max((len(ys) for ys in self.came), default=0)), np.nan)
        for row, forecast, ys in zip(squares, self.forecasts, self.came, strict=True):
            row[: len(ys)] = (forecast.median - ys) ** 2
        counts = np.count_nonzero(~np.isnan(squares), axis=0)
        return np.sqrt(np.where(counts > 0, np.nansum(squares, axis=0) / np.maximum(counts, 1), np.nan))

    @property
    def crps(self) -> float:
        """The mean of the continuous ranked probability scores, of all points."""
        found = _joined([f.crps(ys) for f, ys in zip(self.forecasts, self.came, strict=True)])
        return float(np.nanmean(found)) if np.isfinite(found).any() else np.nan

    @property
    def scores(self) -> Float[np.ndarray, " values"]:
        """The normal scores of values: of normal distributions, how many standard deviations from the center."""
        scores = _joined([f.standardize(ys) for f, ys in zip(self.forecasts, self.came, strict=True)])
        return scores[np.isfinite(scores)]


def origins(history: History, horizon: int) -> list[int]:
    """The points of the past to forecast from, the latest first: numbers of known rows.

    Args:
        history: The series.
        horizon: How many rows are forecast from each.
    """
    least = max(_LEAST_ROWS, 2 * horizon) if history.period is None else int(2 * history.period) + 2
    cuts = [len(history.ts) - horizon * place for place in range(1, _MOST_ORIGINS + 1)]
    known = np.cumsum(~np.isnan(history.ys))
    return [cut for cut in cuts if cut >= least and known[cut - 1] >= _LEAST_ROWS and known[-1] > known[cut - 1]]


def roll(
    methods: Sequence[AbstractForecastMethod], history: History, horizon: int, future: Values
) -> dict[str, tuple[Rolling, Distribution]]:
    """Forecast by each method from the points of the past, and from the end.

    Args:
        methods: The methods; those that do not suit the series are left out.
        history: The series.
        horizon: How many rows are forecast from each point of the past.
        future: The times to forecast from the end.
    """
    past = origins(history, horizon)
    cuts = [len(history.ts), *past]
    ahead = [future, *(history.ts[cut : cut + horizon] for cut in past)]
    came = tuple(history.ys[cut : cut + horizon] for cut in past)
    found = {}
    for method in methods:
        if method.suits(history) and all(method.suits(history.until(cut)) for cut in past):
            last, *earlier = method.forecast(history, cuts, ahead)
            found[method.name] = (Rolling(tuple(earlier), came), last)
    return found


def _joined(parts: Sequence[Times]) -> Float[np.ndarray, " values"]:
    return np.concatenate([np.empty(0), *parts])
