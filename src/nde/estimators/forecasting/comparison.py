"""Choose among methods by what they forecast of the past, and say so."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import ndtri

from nde.data import DataError
from nde.estimators.forecasting.history import Distribution, History
from nde.estimators.forecasting.methods import AbstractForecastMethod
from nde.estimators.forecasting.rolling import Rolling

Found = dict[str, tuple[Rolling, Distribution]]
"""For each method, its forecasts of the past, and of the future."""
_CLEARLY = 0.8
"""The share of the first method's error below which another method is taken instead."""
_PRIOR_SCORES = 10.0
"""Scores of the past that the model's own intervals count as."""


@dataclasses.dataclass(frozen=True)
class MethodScore:
    """How well a method forecast the past of one column.

    Attributes:
        name: The method.
        plain: Whether it is one that a practitioner would write in a line.
        rmse: Root mean squared error of its forecasts from several points of the past; infinite if one is not finite.
        mase: Mean absolute error over that of repeating the last value, or the last season, on the rows known.
        coverage: The share of values within its own 80% interval, before intervals are corrected.

    Example:
        See `Forecaster`.
    """

    name: str
    plain: bool
    rmse: float
    mase: float
    coverage: float


def choose(found: Found) -> str:
    """The first method, unless another was clearly better, or the first is not finite.

    Raises:
        DataError: If no method gives a finite forecast.
    """
    finite = {
        name: rolling.rmse if rolling.came else np.inf
        for name, (rolling, end) in found.items()
        if np.isfinite(end.median).all()
    }
    if not finite:
        raise DataError("No method gives a finite forecast. Check for outliers.")
    first = next(iter(finite))
    best = min(finite, key=lambda name: finite[name])
    return best if finite[best] < _CLEARLY * finite[first] else first


def correction(rolling: Rolling) -> float:
    """By how much to widen intervals, so that they would have covered the past as often as they say."""
    scores = np.abs(rolling.scores)
    if not scores.size:
        return 1.0
    levels = np.array([0.5, 0.8, 0.95])
    ratios = np.log(np.maximum(np.quantile(scores, levels), 1e-3) / ndtri(0.5 + levels / 2))
    return float(np.exp(np.mean(ratios) * len(scores) / (len(scores) + _PRIOR_SCORES)))


def scores_of(history: History, found: Found, methods: Mapping[str, AbstractForecastMethod]) -> list[MethodScore]:
    """How well each method forecast the past, the best first; empty if there was no point to forecast from."""
    filled, lag = history.filled, 1 if history.period is None else max(1, round(history.period))
    naive = float(np.mean(np.abs(filled[lag:] - filled[:-lag]))) if len(filled) > lag else np.nan
    scores = []
    for name, (rolling, _) in found.items():
        if rolling.came:
            within = np.abs(rolling.scores) < ndtri(0.9)
            mase = float(np.mean(np.abs(rolling.errors))) / naive if naive > 0 else np.nan
            coverage = float(np.mean(within)) if within.size else np.nan
            scores.append(MethodScore(name, methods[name].plain, rolling.rmse, mase, coverage))
    return sorted(scores, key=lambda score: score.rmse)


def sentence(name: str, scores: Sequence[MethodScore], best: str) -> str:
    """Which method forecasts a column, and how it compares with the best plain one.

    Args:
        name: The column.
        scores: How well each method forecast its past, the best first.
        best: The method that is used.
    """
    if not scores:
        return f"{name}: forecast by {best}; the table is too short to compare methods on its past."
    own = next(score for score in scores if score.name == best)
    plain = [score for score in scores if score.plain and np.isfinite(score.rmse)]
    if own.plain:
        return f"{name}: the {best} forecast is better than every model here: RMSE {own.rmse:.3g} on the past."
    if not plain:
        return f"{name}: forecast by the {best}: RMSE {own.rmse:.3g} on the past."
    other = plain[0]
    ratio = own.rmse / other.rmse - 1
    compared = f"{abs(ratio):.0%} {'below' if ratio < 0 else 'above'}" if abs(ratio) >= 0.005 else "as much as"
    return (
        f"{name}: forecast by the {best}: RMSE {own.rmse:.3g} on the past, {compared} that of the best plain "
        f"method, {other.name} ({other.rmse:.3g})."
    )
