"""Forecasts by a linear SDE: trend, season and short-term fluctuations."""

import dataclasses
from collections.abc import Sequence
from typing import ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from nde.estimators.forecasting.history import Distribution, History, Times, Values
from nde.estimators.forecasting.methods import AbstractForecastMethod
from nde.models import StructuralSDE, fit_structural
from nde.train.likelihood import to_double

_MOST_ROWS = 1_000
"""Rows, the last ones, that parameters are fitted to and forecasts start from."""
_LEAST_ROWS = 8
Transform = Literal["none", "log"]


class Structural(AbstractForecastMethod):
    """`nde.models.StructuralSDE` of the values or their logarithms, with or without the season: the most likely form.

    All points that are forecast from, and all forms, are fitted side by side.
    """

    name: ClassVar[str] = "linear SDE"
    plain: ClassVar[bool] = False

    def suits(self, history: History) -> bool:
        """With enough values."""
        return int(np.count_nonzero(~np.isnan(history.ys))) >= _LEAST_ROWS

    def forecast(self, history: History, cuts: Sequence[int], ahead: Sequence[Times]) -> list[Distribution]:
        """Forecast from each point, see the base class."""
        first = max(0, min(cuts) - _MOST_ROWS)
        ts = np.unique(np.concatenate([history.ts[first:], *ahead]))
        rows = np.searchsorted(ts, history.ts[first:])
        views = [
            _View.of(history, first, cut, rows, len(ts), transform)
            for transform in (_LOG_OR_NOT if history.positive else _NOT)
            for cut in cuts
        ]
        candidates = [_fitted(ts, views, ())]
        if history.period is not None and history.ts[min(cuts) - 1] - history.ts[first] >= history.period:
            candidates.append(_fitted(ts, views, (history.period,)))
        places = [np.searchsorted(ts, times) for times in ahead]
        found = []
        for number, at in enumerate(places):
            same = [each for many in candidates for each in many[number :: len(cuts)]]
            found.append(max(same, key=lambda each: each.score).at(at))
        return found


_NOT: tuple[Transform, ...] = ("none",)
_LOG_OR_NOT: tuple[Transform, ...] = ("none", "log")


@dataclasses.dataclass(frozen=True)
class _View:
    """A series as it is known at one point: standardized, and `nan` after it.

    Attributes:
        zs: Standardized values, or logarithms, at all times.
        center: What was subtracted.
        scale: By what it was then divided.
        slope: The logarithm of the derivative of all known standardized values to the values.
        transform: Whether logarithms were taken.
    """

    zs: Values
    center: float
    scale: float
    slope: float
    transform: Transform

    @classmethod
    def of(
        cls, history: History, first: int, cut: int, rows: Int[np.ndarray, " rows"], times: int, transform: Transform
    ) -> "_View":
        ys = history.ys[first:cut]
        xs = np.log(ys) if transform == "log" else ys
        center, scale = float(np.nanmean(xs)), float(np.nanstd(xs))
        scale = scale if scale > 0 else 1.0
        zs = np.full(times, np.nan)
        zs[rows[: cut - first]] = (xs - center) / scale
        slope = -np.count_nonzero(~np.isnan(xs)) * np.log(scale)
        return cls(zs, center, scale, slope - (np.nansum(xs) if transform == "log" else 0.0), transform)


@dataclasses.dataclass(frozen=True)
class _Fitted:
    """What one model predicts at all times, and how likely it is."""

    view: _View
    mean: Values
    variance: Values
    score: float

    def at(self, rows: Int[np.ndarray, " times"]) -> Distribution:
        center = self.view.center + self.view.scale * self.mean[rows]
        return Distribution(center, self.view.scale * np.sqrt(self.variance[rows]), self.view.transform)


def _fitted(ts: Values, views: Sequence[_View], periods: tuple[float, ...]) -> list[_Fitted]:
    """Fit a model to each view."""
    zs = np.stack([view.zs for view in views])
    fits = fit_structural(ts, zs, periods=periods)
    with jax.enable_x64(True):
        models = jax.tree.map(lambda *each: jnp.stack(each), *(to_double(fit.model) for fit in fits))
        mean, variance = (np.asarray(x) for x in _predictions(models, jnp.asarray(ts), jnp.asarray(zs)))
    return [
        _Fitted(view, m, v, fit.log_posterior + view.slope)
        for view, fit, m, v in zip(views, fits, mean, variance, strict=True)
    ]


@eqx.filter_jit
def _predictions(
    models: StructuralSDE, ts: Float[Array, " times"], zs: Float[Array, "views times"]
) -> tuple[Float[Array, "views times"], Float[Array, "views times"]]:
    """Mean and variance of each value given those before."""
    filtered = jax.vmap(lambda model, own: model.filter(ts, own))(models, zs)
    return filtered.mean, filtered.variance
