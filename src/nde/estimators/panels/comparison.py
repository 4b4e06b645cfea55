"""Compare methods for one channel of many series on their past."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import ndtri

from nde.estimators.forecasting.comparison import MethodScore, compared
from nde.estimators.forecasting.distribution import Distribution
from nde.estimators.panels.cell import Cell, evenly
from nde.estimators.panels.curves import CurvesOfOthers
from nde.estimators.panels.linear_sde import (
    OWN,
    SHARED,
    Form,
    LinearSDE,
    affordable,
    fit_likeliest,
    forecast_cells,
    typical,
    with_parameters,
)
from nde.estimators.panels.plain import PLAIN_METHODS, AbstractPanelMethod
from nde.estimators.panels.widths import PastScores, Widths
from nde.models import StructuralSDE

_CLEARLY = 0.2
"""By which share the error of another method must be smaller, with a single series; with more it is less."""

Forecasts = list[list[Distribution]]


@dataclasses.dataclass(frozen=True)
class PanelScore(MethodScore):
    """How well a method forecast the past of one channel of all series.

    Attributes:
        error: The root mean squared error of a series over its mean absolute step from value to value, averaged over
            the series; infinite if a forecast is not finite. Methods are chosen by it.

    Example:
        See `PanelForecaster`.
    """

    error: float


@dataclasses.dataclass(frozen=True)
class Rolled:
    """What a method forecast from points of the past of all series, and what came.

    Attributes:
        method: The method.
        score: How good that was.
        widths: How wide its intervals must be.
    """

    method: AbstractPanelMethod
    score: PanelScore
    widths: Widths


def sample_of(cells: Sequence[Cell], rows: int) -> list[Cell]:
    """Some of the cells, if all have more rows, known at all points together: those in all parts of the panel."""
    known = [history for cell in cells for history in cell.known]
    share = affordable(known, rows) / max(1, len(known))
    return [cells[place] for place in evenly(max(1, int(share * len(cells))), len(cells))]


def roll_all(
    cells: Sequence[Cell], period: float | None, rows: int, names: Sequence[str], curves: CurvesOfOthers
) -> dict[str, Rolled]:
    """Forecast each cell from points of its past by each method, in the order of preference.

    Args:
        cells: The cells.
        period: The period of the season in typical spacings, if there is one.
        rows: How many rows, of all series together, parameters may be fitted to.
        names: The names of the methods.
        curves: The method that reads other series.
    """
    found = _linear(cells, period, rows, names)
    if curves.name in names and curves.suits(cells):
        found[curves.name] = (curves, curves.forecast(cells))
    for name, method in PLAIN_METHODS.items():
        if name in names and _suits(name, cells):
            found[name] = (method, method.forecast(cells))
    return {name: rolled(method, cells, forecasts) for name, (method, forecasts) in found.items()}


def _linear(
    cells: Sequence[Cell], period: float | None, rows: int, names: Sequence[str]
) -> dict[str, tuple[AbstractPanelMethod, Forecasts]]:
    if not {OWN, SHARED} & set(names):
        return {}
    known = [history for cell in cells for history in cell.known]
    form, models = fit_likeliest(known, period, rows)
    found: dict[str, tuple[AbstractPanelMethod, Forecasts]] = {}
    if OWN in names:
        found[OWN] = (LinearSDE(form, typical(models), own=True), forecast_cells(cells, form, models))
    if SHARED in names and (len(cells) > 1 or OWN not in names):
        forecasts = forecast_cells(cells, form, _shared(cells, form, models))
        found[SHARED] = (LinearSDE(form, typical(models), own=False), forecasts)
    return found


def _shared(cells: Sequence[Cell], form: Form, models: Sequence[StructuralSDE]) -> list[StructuralSDE]:
    """For each point of each cell the model with the typical parameters at such points: no later one is known."""
    places = [place for cell in cells for place in range(len(cell.cuts))]
    groups = {
        place: with_parameters(form, typical([m for m, own in zip(models, places, strict=True) if own == place]))
        for place in set(places)
    }
    return [groups[place] for place in places]


def _suits(name: str, cells: Sequence[Cell]) -> bool:
    """Whether the method suits a part of the series; the others keep their last values."""
    return any(PLAIN_METHODS[name].method.suits(history) for cell in cells for history in cell.known)


def rolled(method: AbstractPanelMethod, cells: Sequence[Cell], forecasts: Forecasts) -> Rolled:
    """Compare the forecasts of a method with what came."""
    errors, scaled, ratios = [], [], []
    for cell, own in zip(cells, forecasts, strict=True):
        error = np.concatenate([each.median for each in own]) - np.concatenate(cell.came)
        errors.append(error)
        scaled.append(float(np.sqrt(np.mean(error**2))) / cell.scale)
        ratios.append(np.abs(error) / cell.scale)
    every, past = np.concatenate(errors), past_scores(cells, forecasts).finite
    finite = bool(np.isfinite(every).all())
    score = PanelScore(
        name=method.name,
        plain=method.plain,
        rmse=float(np.sqrt(np.mean(every**2))) if finite else np.inf,
        mase=float(np.mean(np.concatenate(ratios))) if finite else np.nan,
        coverage=float(np.mean(np.abs(past.values) < ndtri(0.9))) if past.values.size else np.nan,
        error=float(np.mean(scaled)) if finite else np.inf,
    )
    return Rolled(method, score, Widths.of(past))


def past_scores(cells: Sequence[Cell], forecasts: Forecasts) -> PastScores:
    """How many standard deviations what came was from the forecasts."""
    parts = [
        (each.standardize(ys), cell.series, point, ahead - cell.history.ts[cut - 1])
        for cell, own in zip(cells, forecasts, strict=True)
        for point, (each, ys, cut, ahead) in enumerate(zip(own, cell.came, cell.cuts, cell.ahead, strict=True))
    ]
    sizes = [len(scores) for scores, *_ in parts]
    return PastScores(
        values=np.concatenate([scores for scores, *_ in parts]),
        series=np.repeat([series for _, series, *_ in parts], sizes),
        points=np.repeat([point for *_, point, _ in parts], sizes),
        places=np.concatenate([np.arange(size) for size in sizes]),
        ahead=np.concatenate([ahead for *_, ahead in parts]),
    )


def choose(found: Mapping[str, Rolled], series: int) -> str:
    """The first method, unless another was clearly better; with many series a little is clear."""
    first = next(iter(found))
    best = min(found, key=lambda name: found[name].score.error)
    share = 1 - _CLEARLY / np.sqrt(series)
    return best if found[best].score.error < share * found[first].score.error else first


def sentence(channel: str, scores: Sequence[PanelScore], best: str, rest: str | None) -> str:
    """Which method forecasts a channel, and how it compares with the best plain one.

    Args:
        channel: The channel.
        scores: How well each method forecast the past, the best first.
        best: The method that is used.
        rest: The method that is used where other series do not go on for long enough.
    """
    if not scores:
        return f"{channel}: forecast by the {best}; the series are too short to compare methods on their past."
    own = next(score for score in scores if score.name == best)
    if own.plain:
        return f"{channel}: the {best} forecast is better than every model here: MASE {own.mase:.3g} on the past."
    by = best if rest is None else f"{best}, and where these do not go on for long enough by the {rest}"
    plain = [score for score in scores if score.plain and np.isfinite(score.error)]
    if not plain:
        return f"{channel}: forecast by the {by}: MASE {own.mase:.3g} on the past."
    return (
        f"{channel}: forecast by the {by}. Its error on the past is {compared(own.error, plain[0].error)} that of the "
        f"best plain method, {plain[0].name}."
    )
