"""How well methods forecast the past of a series, in numbers and in words."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import ndtri

from nde.estimators.forecasting.choice import CLEARLY, Choice, Found
from nde.estimators.forecasting.history import History
from nde.estimators.forecasting.methods import AbstractForecastMethod
from nde.estimators.forecasting.rolling import Rolling

_EQUAL = 0.005
"""The share by which errors differ that is not worth a word."""


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


@dataclasses.dataclass(frozen=True)
class ColumnScore(MethodScore):
    """How well a method forecast the past of one column of a table, in more detail.

    Attributes:
        crps: Mean of the continuous ranked probability score, in the unit of the column: the mean absolute error, with
            a reward for intervals that are as narrow as they can be.
        rmse_by_step: Root mean squared error of the first row ahead, the second, and so on; `nan` where none is known.

    Example:
        See `Forecaster`.
    """

    crps: float
    rmse_by_step: tuple[float, ...]


def scores_of(
    history: History, found: Found, choice: Choice, methods: Mapping[str, AbstractForecastMethod]
) -> list[ColumnScore]:
    """How well each method forecast the past, the best first; empty if there was no point to forecast from."""
    if not choice.rolling.came:
        return []
    rollings = {choice.name: (choice.rolling, False)}
    rollings |= {name: (rolling, methods[name].plain) for name, (rolling, _) in found.items()}
    naive = _naive_error(history)
    scores = [_score(name, rolling, plain, naive) for name, (rolling, plain) in rollings.items()]
    # Of methods with the same error, the plain one is better.
    return sorted(scores, key=lambda score: (score.rmse, not score.plain))


def _score(name: str, rolling: Rolling, plain: bool, naive: float) -> ColumnScore:
    within = np.abs(rolling.scores) < ndtri(0.9)
    return ColumnScore(
        name=name,
        plain=plain,
        rmse=rolling.rmse,
        mase=float(np.mean(np.abs(rolling.errors))) / naive if naive > 0 else np.nan,
        crps=rolling.crps,
        coverage=float(np.mean(within)) if within.size else np.nan,
        rmse_by_step=tuple(rolling.rmse_by_step.tolist()),
    )


def _naive_error(history: History) -> float:
    """The mean absolute error of repeating the last value, or the last season."""
    filled, lag = history.filled, 1 if history.period is None else max(1, round(history.period))
    return float(np.mean(np.abs(filled[lag:] - filled[:-lag]))) if len(filled) > lag else np.nan


def sentence(column: str, scores: Sequence[MethodScore], used: str) -> str:
    """What forecasts a column, and how it compares with the best plain method.

    Args:
        column: The column.
        scores: How well each method forecast its past, the best first.
        used: What is used, as in `Choice.name`.
    """
    if not scores:
        return f"{column}: forecast by {used}; the table is too short to compare methods on its past."
    own = next(score for score in scores if score.name == used)
    plain = next((score for score in scores if score.plain and np.isfinite(score.rmse)), None)
    if plain is None:
        return f"{column}: forecast by {used}: RMSE {own.rmse:.3g} on the past."
    if plain is scores[0]:
        beaten = "" if own is plain else f", against {own.rmse:.3g} of the forecast used, {used}"
        return (
            f"{column}: the {plain.name} forecast is better than every model here: RMSE {plain.rmse:.3g} on the past"
            f"{beaten}."
        )
    return (
        f"{column}: forecast by {used}: RMSE {own.rmse:.3g} on the past, {compared(own.rmse, plain.rmse)} that "
        f"of the best plain method, {plain.name} ({plain.rmse:.3g}).{_of_the_best(scores[0], own)}"
    )


def _of_the_best(best: MethodScore, own: MethodScore) -> str:
    """What is said where a method alone did better on the past than the mean that is used."""
    if own.rmse <= best.rmse * (1 + _EQUAL):
        return ""
    small = ": too small a lead to rely on it alone" if best.rmse >= CLEARLY * own.rmse else ""
    return f" On the past, {best.name} alone has {best.rmse:.3g}{small}."


def compared(error: float, plain: float) -> str:
    """How an error compares with that of a plain method, which may be zero: what stands before "that of"."""
    excess = error / plain - 1 if plain > 0 else np.inf if error > 0 else 0.0
    if abs(excess) < _EQUAL:
        return "as much as"
    direction = "below" if excess < 0 else "above"
    return f"{abs(excess):.0%} {direction}" if np.isfinite(excess) else direction
