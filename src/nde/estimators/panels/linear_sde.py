"""Linear SDEs of one channel of many series, fitted and filtered side by side."""

import dataclasses
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from nde.estimators.forecasting.distribution import Distribution, normal
from nde.estimators.forecasting.history import History, Times
from nde.estimators.panels.cell import Cell
from nde.estimators.panels.plain import AbstractPanelMethod
from nde.models import StructuralSDE, fit_structural

_MOST_ROWS = 300
"""Rows, the last ones, that parameters are fitted to and forecasts start from."""
MOST_FITTED = 12_000
"""Rows, of all series and channels together, that parameters are fitted to."""
_MOST_FITS = 256
OWN, SHARED = "linear SDE", "linear SDE, shared"
_AT_ONCE = 128
_PSEUDO_ROWS = 1.0
"""Values that the typical deviation of a channel counts as, in that of a series."""
_PARAMETERS = tuple(field.name for field in dataclasses.fields(StructuralSDE) if field.name.startswith("log_"))


@dataclasses.dataclass(frozen=True)
class Form:
    """What a linear SDE is of.

    Attributes:
        logarithm: Whether it is of the logarithms of the values.
        period: The period of its season in typical spacings, if it has one.
        deviation: The typical standard deviation of a series, or of its logarithms.
        rows: How many rows, of all series together, parameters may be fitted to.
    """

    logarithm: bool
    period: float | None
    deviation: float
    rows: int

    @property
    def periods(self) -> tuple[float, ...]:
        """The periods of its seasons."""
        return () if self.period is None else (self.period,)

    def standardize(self, history: History, *, whole: bool = False) -> "Standardized":
        """The last values of a history, or all of them, with about zero mean and unit variance."""
        rows = len(history.ys) if whole else min(len(history.ys), _MOST_ROWS)
        ys = history.ys[-rows:]
        xs = np.log(ys) if self.logarithm else ys
        variance = (xs.size * xs.var() + _PSEUDO_ROWS * self.deviation**2) / (xs.size + _PSEUDO_ROWS)
        center, scale = float(xs.mean()), float(np.sqrt(variance))
        slope = -xs.size * np.log(scale) - (float(xs.sum()) if self.logarithm else 0.0)
        return Standardized(history.ts[-rows:], (xs - center) / scale, center, scale, slope)


@dataclasses.dataclass(frozen=True)
class Standardized:
    """Values of about zero mean and unit variance.

    Attributes:
        ts: Times in typical spacings.
        zs: The values.
        center: What was subtracted.
        scale: By what it was then divided.
        slope: The logarithm of the derivative of all standardized values to the values.
    """

    ts: Times
    zs: Times
    center: float
    scale: float
    slope: float


@dataclasses.dataclass(frozen=True)
class LinearSDE(AbstractPanelMethod):
    """`nde.models.StructuralSDE` of each series, or one for all.

    Attributes:
        form: What it is of.
        shared: The parameters of series that have none of their own.
        own: Whether series have parameters of their own.
    """

    form: Form
    shared: dict[str, float]
    own: bool
    plain: bool = False

    @property
    def name(self) -> str:
        """Its name in tables."""
        return OWN if self.own else SHARED

    def forecast(self, cells: Sequence[Cell]) -> list[list[Distribution]]:
        """Forecast each cell, see the base class. Beyond a number of rows, series share parameters."""
        known = [history for cell in cells for history in cell.known]
        fitted = fit_form(known[: affordable(known, self.form.rows)], self.form)[0] if self.own else []
        rest = with_parameters(self.form, self.shared)
        return forecast_cells(cells, self.form, [*fitted, *[rest] * (len(known) - len(fitted))])


def affordable(histories: Sequence[History], rows: int) -> int:
    """How many of the first histories have few enough rows to fit parameters to each; at least one."""
    sizes = np.cumsum([min(len(history.ys), _MOST_ROWS) for history in histories])
    return max(1, min(_MOST_FITS, int(np.searchsorted(sizes, rows, side="right"))))


def fit_likeliest(histories: Sequence[History], period: float | None, rows: int) -> tuple[Form, list[StructuralSDE]]:
    """Fit several forms to each series: of the values or their logarithms, and of that with the season.

    Args:
        histories: The series.
        period: The period of the season in typical spacings, if there is one.
        rows: How many rows, of all series together, parameters may be fitted to.

    Returns:
        The form that is most likely, for all series together; its model of each series.
    """
    logarithms = (False, True) if all(history.positive for history in histories) else (False,)
    forms = [Form(own, None, _deviation(histories, logarithm=own), rows) for own in logarithms]
    found = [(form, *fit_form(histories, form)) for form in forms]
    best = max(found, key=lambda each: each[2])
    if period is not None:
        form = dataclasses.replace(best[0], period=period)
        best = max([best, (form, *fit_form(histories, form))], key=lambda each: each[2])
    return best[0], best[1]


def fit_form(histories: Sequence[History], form: Form) -> tuple[list[StructuralSDE], float]:
    """Fit a form to each series.

    Returns:
        The model of each series; the sum of their log-posteriors, comparable between forms.
    """
    views = [form.standardize(history) for history in histories]
    models, score = [], 0.0
    for first in range(0, len(views), _AT_ONCE):
        some = views[first : first + _AT_ONCE]
        ts, zs = stack_rows([view.ts for view in some], [view.zs for view in some])
        more = ((0, min(_AT_ONCE, rounded(len(some))) - len(some)), (0, 0))
        fits = fit_structural(np.pad(ts, more, mode="edge"), np.pad(zs, more, mode="edge"), periods=form.periods)
        models += [fit.model for fit in fits[: len(some)]]
        score += sum(fit.log_posterior + view.slope for fit, view in zip(fits, some, strict=False))
    return models, score


def typical(models: Sequence[StructuralSDE]) -> dict[str, float]:
    """The median of each parameter."""
    return {
        name: float(np.median([np.asarray(getattr(model, name)).mean() for model in models]))
        for name in _PARAMETERS
        if np.size(getattr(models[0], name))
    }


def with_parameters(form: Form, parameters: dict[str, float]) -> StructuralSDE:
    """The model of given parameters."""
    blank = StructuralSDE(form.periods)
    values = [jnp.full_like(getattr(blank, name), value) for name, value in parameters.items()]
    return eqx.tree_at(lambda model: [getattr(model, name) for name in parameters], blank, values)


def forecast_cells(cells: Sequence[Cell], form: Form, models: Sequence[StructuralSDE]) -> list[list[Distribution]]:
    """Forecast each cell from each of its points, by a model for each point."""
    each = iter(models)
    tasks = [
        (form.standardize(history), ahead, next(each))
        for cell in cells
        for history, ahead in zip(cell.known, cell.ahead, strict=True)
    ]
    found = []
    for first in range(0, len(tasks), _AT_ONCE):
        some = tasks[first : first + _AT_ONCE]
        ts, zs = stack_rows(
            [np.concatenate([view.ts, ahead]) for view, ahead, _ in some],
            [np.concatenate([view.zs, np.full(len(ahead), np.nan)]) for view, ahead, _ in some],
        )
        mean, variance = _filter([model for *_, model in some], ts, zs)
        for (view, ahead, _), m, v in zip(some, mean, variance, strict=True):
            rows = slice(len(view.ts), len(view.ts) + len(ahead))
            center = view.center + view.scale * m[rows]
            found.append(normal(center, view.scale * np.sqrt(v[rows]), "log" if form.logarithm else "none"))
    distributions = iter(found)
    return [[next(distributions) for _ in cell.cuts] for cell in cells]


def _filter(
    models: Sequence[StructuralSDE], ts: Float[np.ndarray, "batch times"], zs: Float[np.ndarray, "batch times"]
) -> tuple[Float[np.ndarray, "batch times"], Float[np.ndarray, "batch times"]]:
    count, rows = len(models), rounded(len(models))
    models = [*models, *[models[-1]] * (rows - count)]
    ts, zs = (np.pad(each, ((0, rows - count), (0, 0)), mode="edge") for each in (ts, zs))
    with jax.enable_x64(True):
        every = stack_models(models)
        mean, variance = _filtered(every, jnp.asarray(ts), jnp.asarray(zs))
        return np.asarray(mean)[:count], np.asarray(variance)[:count]


def stack_models(models: Sequence[StructuralSDE]) -> StructuralSDE:
    """Models as one with a leading axis, in double precision."""
    return jax.tree.map(lambda *each: jnp.asarray(np.stack(each).astype(np.float64)), *models)


@eqx.filter_jit
def _filtered(
    models: StructuralSDE, ts: Float[Array, "batch times"], zs: Float[Array, "batch times"]
) -> tuple[Float[Array, "batch times"], Float[Array, "batch times"]]:
    """Mean and variance of each value given those before."""
    found = jax.vmap(lambda model, times, own: model.filter(times, own))(models, ts, zs)
    return found.mean, found.variance


def stack_rows(
    ts: Sequence[Times], zs: Sequence[Times]
) -> tuple[Float[np.ndarray, "batch times"], Float[np.ndarray, "batch times"]]:
    """Series of different lengths as rows: the last time repeats, without values."""
    longest = max(32, rounded(max(map(len, ts))))
    return (
        np.stack([np.pad(own, (0, longest - len(own)), mode="edge") for own in ts]),
        np.stack([np.pad(own, (0, longest - len(own)), constant_values=np.nan) for own in zs]),
    )


def rounded(count: int) -> int:
    """The next power of two, so that few programs are compiled."""
    return 1 << (count - 1).bit_length()


def _deviation(histories: Sequence[History], *, logarithm: bool) -> float:
    """The typical standard deviation of a series; if all are constant, that of all values, or one."""
    values = [np.log(history.ys) if logarithm else history.ys for history in histories]
    for found in (float(np.median([own.std() for own in values])), float(np.concatenate(values).std())):
        if found > 0:
            return found
    return 1.0
