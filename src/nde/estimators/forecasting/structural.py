"""Forecasts by a linear SDE: trend, season and short-term fluctuations."""

import dataclasses
from collections.abc import Sequence
from typing import ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from scipy.special import softmax

from nde.estimators.forecasting.distribution import Distribution, Mixture
from nde.estimators.forecasting.history import History, Times, Values
from nde.estimators.forecasting.methods import AbstractForecastMethod
from nde.models import StructuralSDE, fit_structural
from nde.train.likelihood import to_double

_MOST_ROWS = 1_000
"""Rows, the last ones, that parameters are fitted to and forecasts start from."""
_LEAST_ROWS = 8
_DRAWS = 48
"""Draws from the posterior of the parameters, weighted by how likely they are."""
_LEAST_WEIGHT = 1e-3
Transform = Literal["none", "log"]


class Structural(AbstractForecastMethod):
    """`nde.models.StructuralSDE` of the values or their logarithms, with or without the season: the most likely form.

    A season that the calendar or the user names is always a part.

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
        inputs = np.zeros((len(ts), 0)) if history.inputs is None else history.inputs.at(ts)
        candidates = [
            _fitted(ts, views, periods, inputs)
            for periods in _seasons(history, history.ts[min(cuts) - 1] - history.ts[first])
        ]
        places = [np.searchsorted(ts, times) for times in ahead]
        found = []
        for number, at in enumerate(places):
            same = [each for many in candidates for each in many[number :: len(cuts)]]
            found.append(max(same, key=lambda each: each.score).at(at))
        return found


_NOT: tuple[Transform, ...] = ("none",)
_LOG_OR_NOT: tuple[Transform, ...] = ("none", "log")


def _seasons(history: History, span: float) -> list[tuple[float, ...]]:
    """The seasons to try: none, those of the series that were seen once, or both if they are not certain."""
    periods = tuple(each for each in (history.period, history.longer) if each is not None and each <= span)
    return [periods] if history.certain or not periods else [(), periods]


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
    """What one form predicts at all times, by parameters drawn from their posterior, and how likely it is."""

    view: _View
    mean: Float[np.ndarray, "draws times"]
    variance: Float[np.ndarray, "draws times"]
    weights: Float[np.ndarray, " draws"]
    score: float

    def at(self, rows: Int[np.ndarray, " times"]) -> Distribution:
        """The distributions at some times, of the draws that count."""
        kept = self.weights > _LEAST_WEIGHT
        center = self.view.center + self.view.scale * self.mean[kept][:, rows]
        spread = self.view.scale * np.sqrt(self.variance[kept][:, rows])
        return Mixture(center, spread, self.weights[kept] / self.weights[kept].sum(), self.view.transform)


def _fitted(
    ts: Values, views: Sequence[_View], periods: tuple[float, ...], inputs: Float[np.ndarray, "times inputs"]
) -> list[_Fitted]:
    """Fit a model to each view."""
    zs = np.stack([view.zs for view in views])
    fits = fit_structural(ts, zs, periods=periods, inputs=inputs)
    scores = _normal_scores(fits[0].axes.shape[1])
    with jax.enable_x64(True):
        models = jax.tree.map(lambda *each: jnp.stack(each), *(to_double(fit.at(scores)) for fit in fits))
        predicted = _predictions(models, jnp.asarray(ts), jnp.asarray(zs), jnp.asarray(inputs))
    posteriors = np.asarray(predicted.log_posterior) + (scores**2).sum(axis=1) / 2
    posteriors = np.where(np.isfinite(posteriors), posteriors, -np.inf)
    return [
        _Fitted(view, mean, variance, softmax(posterior), fit.log_evidence + view.slope)
        for view, fit, mean, variance, posterior in zip(
            views, fits, np.asarray(predicted.mean), np.asarray(predicted.variance), posteriors, strict=True
        )
    ]


def _normal_scores(size: int) -> Float[np.ndarray, "draws size"]:
    """Normal variates in pairs of opposite signs, always the same."""
    half = np.random.default_rng(0).normal(size=(_DRAWS // 2, size))
    return np.concatenate([half, -half])


class _Predicted(eqx.Module):
    """Mean and variance of each value given those before, and the posterior of the parameters, not normalized."""

    mean: Float[Array, "*views times"]
    variance: Float[Array, "*views times"]
    log_posterior: Float[Array, "*views"]


@eqx.filter_jit
def _predictions(
    models: StructuralSDE,
    ts: Float[Array, " times"],
    zs: Float[Array, "views times"],
    inputs: Float[Array, "times inputs"],
) -> _Predicted:
    def of_one(model: StructuralSDE, own: Float[Array, " times"]) -> _Predicted:
        filtered = model.filter(ts, own, inputs)
        return _Predicted(filtered.mean, filtered.variance, jnp.sum(filtered.log_densities) + model.log_prior())

    return jax.vmap(jax.vmap(of_one, in_axes=(0, None)))(models, zs)
