"""Exponential smoothing by statsmodels."""

import warnings
from typing import Any, ClassVar

import numpy as np
from threadpoolctl import threadpool_limits

from nde.core.extras import require
from nde.estimators.forecasting.distribution import Distribution, normal
from nde.estimators.forecasting.history import History, Values
from nde.estimators.forecasting.methods import AbstractPlainMethod

_MOST_ROWS = 600
_LEAST_ROWS = 8
_MOST_PERIOD = 24
"""The longest season, in rows: its states are one for each row."""


class ExponentialSmoothing(AbstractPlainMethod):
    """Exponential smoothing of regular rows, with trend and season chosen by the corrected information criterion.

    Source: Hyndman, Koehler, Ord and Snyder, *Forecasting with Exponential Smoothing* (2008),
    doi:10.1007/978-3-540-71918-2.
    """

    name: ClassVar[str] = "exponential smoothing"
    plain: ClassVar[bool] = False

    def suits(self, history: History) -> bool:
        """If rows are regular and not too few."""
        gaps = np.diff(history.ts)
        return len(history.ts) >= _LEAST_ROWS and bool(np.abs(gaps - np.median(gaps)).max() < 0.2 * np.median(gaps))

    def continue_(self, history: History, ahead: Values) -> Distribution:
        """Forecast a series from its end."""
        require("exponential smoothing", "statsmodels")
        ys = history.filled[-_MOST_ROWS:]
        steps = max(1, int(np.ceil(ahead.max() - history.ts[-1] - 1e-6)))
        with threadpool_limits(1):  # threads cost more than they save on such small matrices
            found = [self._fit(ys, form) for form in self._forms(ys, history.period)]
        best = min((each for each in found if each is not None), key=lambda each: each.aicc, default=None)
        times = history.ts[-1] + np.arange(steps + 1)
        center = np.full(steps, ys[-1]) if best is None else np.asarray(best.forecast(steps))
        deviation = float(np.std(np.diff(ys)) if best is None else np.sqrt(np.mean(np.asarray(best.resid) ** 2)))
        center = np.interp(ahead, times, np.concatenate([ys[-1:], center]))
        return normal(center, max(deviation, 1e-12) * np.sqrt(np.maximum(ahead - history.ts[-1], 1.0)))

    def _forms(self, ys: Values, period: float | None) -> list[dict[str, Any]]:
        season = None if period is None else round(period)
        seasons: list[dict[str, Any]] = [{}]
        if season is not None and 2 <= season <= _MOST_PERIOD and len(ys) >= 2 * season + 4:
            kinds = ("add", "mul") if ys.min() > 0 else ("add",)
            seasons += [{"seasonal": kind, "seasonal_periods": season} for kind in kinds]
        trends: list[dict[str, Any]] = [{}, {"trend": "add"}, {"trend": "add", "damped_trend": True}]
        return [{**trend, **own} for trend in trends for own in seasons]

    def _fit(self, ys: Values, form: dict[str, Any]) -> Any:
        from statsmodels.tsa.exponential_smoothing.ets import ETSModel  # noqa: PLC0415 (it takes a second)

        error = "mul" if form.get("seasonal") == "mul" else "add"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                fit: Any = ETSModel(ys, error=error, **form).fit(disp=False, maxiter=200)
            except (ValueError, np.linalg.LinAlgError):
                return None
        return fit if np.isfinite(fit.aicc) else None
