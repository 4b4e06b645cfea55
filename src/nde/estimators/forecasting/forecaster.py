"""An estimator that forecasts tables by the method that did best on their past."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from nde.data import DataError
from nde.data.plural import pluralize
from nde.estimators.forecasting.calendar import Calendar
from nde.estimators.forecasting.choice import Choice, Found, average, choose
from nde.estimators.forecasting.columns import columns_of, split_known
from nde.estimators.forecasting.comparison import scores_of, sentence
from nde.estimators.forecasting.distribution import Distribution
from nde.estimators.forecasting.exponential_smoothing import ExponentialSmoothing
from nde.estimators.forecasting.forecast import Forecast
from nde.estimators.forecasting.history import History, Values
from nde.estimators.forecasting.methods import PLAIN, AbstractForecastMethod
from nde.estimators.forecasting.rolling import roll
from nde.estimators.forecasting.season import find_longer, find_period
from nde.estimators.forecasting.structural import Structural

if TYPE_CHECKING:
    import matplotlib.figure

METHODS: dict[str, AbstractForecastMethod] = {
    method.name: method for method in (Structural(), ExponentialSmoothing(), *PLAIN)
}
"""All methods, by name; the first is taken unless another is clearly better."""
_LARGEST = 1e100
"""Squares of larger values overflow."""
_LEAST_HORIZON = 10
_MOST_SHARE = 5
"""A default horizon is at most one part in so many of the rows."""


@dataclasses.dataclass(frozen=True)
class _Column:
    """What was found for one column."""

    history: History
    found: Found
    choice: Choice


class Forecaster(BaseEstimator):
    """Forecast each column of a table, with intervals, by what did best on its past.

    The default is a linear SDE with trend, season and short-term fluctuations (`nde.models.StructuralSDE`). Every
    method forecasts the table from up to four points of its past. The forecast is the mean of the linear SDE and the
    best other method, weighted by their errors there; a method that is clearly better is used alone. Intervals are
    widened or narrowed until they have covered the past about as often as they say.

    Rows may be irregular, and values missing.

    Sources: for the linear SDE Harvey, *Forecasting, Structural Time Series Models and the Kalman Filter* (1990),
    doi:10.1017/CBO9781107049994; for exponential smoothing Hyndman, Koehler, Ord and Snyder, *Forecasting with
    Exponential Smoothing* (2008), doi:10.1007/978-3-540-71918-2.

    Args:
        horizon: How many rows to forecast; by default one season, at least ten rows, at most a fifth of the table.
        season: Rows in a season; `"auto"` looks for one, `None` says that there is none.
        methods: Names of the methods to compare, of `"linear SDE"`, `"exponential smoothing"`, `"mean"`,
            `"last value"`, `"drift"` and `"seasonal naive"`; by default all. A dictionary of names and weights asks for
            their weighted mean.
        levels: Levels of the intervals, in percent.
        known: Columns that are known in advance, such as prices or holidays, and are not forecast. The table must have
            rows with them, without the other columns, after its last row: those are forecast. The linear SDE depends on
            them linearly; other methods do not.

    Attributes:
        season_: Rows in a season, for each column; `None` where there is none.
        methods_: What each column is forecast by: a method, or two with their weights.
        weights_: The weights of the methods that are used, for each column.
        scores_: For each column, how well each method forecast the past, the best first.

    Example:
        ```python
        import numpy as np
        from nde.estimators import Forecaster

        months = np.arange(72)
        sales = 100 + months + 10 * np.sin(2 * np.pi * months / 12) + np.random.default_rng(0).normal(size=72)
        forecaster = Forecaster(horizon=12, season=12, methods=["seasonal naive", "drift"]).fit(sales)
        print(forecaster.summary())
        print(forecaster.predict().to_frame().head(3))
        ```
    """

    def __init__(
        self,
        horizon: int | None = None,
        *,
        season: float | str | None = "auto",
        methods: Sequence[str] | Mapping[str, float] | None = None,
        levels: Sequence[int] = (50, 80, 95),
        known: Sequence[str] = (),
    ) -> None:
        self.horizon = horizon
        self.season = season
        self.methods = methods
        self.levels = levels
        self.known = known

    def fit(self, X: Any, y: Any = None) -> "Forecaster":
        """Compare the methods on the past of each column.

        Args:
            X: A `nde.data.Table`; a pandas series or data frame, with times as its index; or an array of shape
                `(rows,)` or `(rows, columns)` of regular rows. `nan` where a value is missing.
            y: Unused.

        Raises:
            DataError: If times do not increase, a column has fewer than two values, a value is infinite or beyond
                1e100, or a known column has a gap.
            ValueError: If a setting is out of range.
        """
        del y
        labels, names, ys = columns_of(X)
        calendar = Calendar.of(labels)
        names, ys, self.inputs_ = split_known(calendar, names, ys, self.known)
        rows = len(ys)
        self.calendar_, self.values_ = calendar.until(rows), ys
        self.future_ = calendar.ts[rows:], calendar.labels[rows:]
        self.feature_names_in_ = np.asarray(names, object)
        methods = self._methods()
        self._check_levels()
        self.columns_ = tuple(self._column(name, column, methods) for name, column in zip(names, ys.T, strict=True))
        self.season_ = {name: each.history.period for name, each in zip(names, self.columns_, strict=True)}
        self.methods_ = {name: each.choice.name for name, each in zip(names, self.columns_, strict=True)}
        self.weights_ = {name: dict(each.choice.weights) for name, each in zip(names, self.columns_, strict=True)}
        self.scores_ = {
            name: scores_of(each.history, each.found, each.choice, METHODS)
            for name, each in zip(names, self.columns_, strict=True)
        }
        return self

    def predict(self, horizon: int | None = None, *, times: Any = None) -> Forecast:
        """Forecast the rows after the last.

        Args:
            horizon: How many; by default as many as `fit` was asked for.
            times: Later times, numbers or dates as in the table, to forecast instead of rows at the usual spacing.

        Raises:
            NotFittedError: If the forecaster is not fitted.
            ValueError: If `horizon` is not positive, or given with `times`.
            DataError: If `times` do not increase, begin before the last row, or columns are known in advance.
        """
        check_is_fitted(self, "columns_")
        if times is None:
            rows = self._horizon(self.columns_[0].history) if horizon is None else _checked_horizon(horizon)
            ts, times = self._after(rows)
        else:
            ts, times = self._at(times, horizon)
        found = [self._distribution(each, ts) for each in self.columns_]
        return Forecast(
            times=times,
            names=tuple(self.feature_names_in_),
            median=np.stack([each.median for each in found], axis=1),
            intervals={
                level: (
                    np.stack([each.quantile(0.5 - level / 200) for each in found], axis=1),
                    np.stack([each.quantile(0.5 + level / 200) for each in found], axis=1),
                )
                for level in self.levels
            },
        )

    def plot(self, horizon: int | None = None) -> "matplotlib.figure.Figure":
        """Plot the last rows of the table and the forecast with its intervals.

        Args:
            horizon: As for `predict`.
        """
        from nde.plot import plot_intervals  # noqa: PLC0415 (only plots need Matplotlib)

        forecast = self.predict(horizon)
        names = list(forecast.names)
        return plot_intervals(
            self.calendar_.labels,
            self.values_,
            names,
            forecast.times,
            forecast.median,
            forecast.intervals,
            time=f"{self.calendar_.labels.name or ''}",
        )

    def summary(self) -> str:
        """Say in a sentence for each column which method is used, and how it compares with the plain ones."""
        check_is_fitted(self, "columns_")
        return "\n".join(sentence(name, self.scores_[name], self.methods_[name]) for name in self.feature_names_in_)

    def _methods(self) -> list[AbstractForecastMethod]:
        names = list(METHODS) if self.methods is None else list(self.methods)
        unknown = [name for name in names if name not in METHODS]
        if unknown or not names:
            raise ValueError(f"methods must be some of {', '.join(METHODS)}; got {names}.")
        if isinstance(self.methods, Mapping) and not all(0 < weight < np.inf for weight in self.methods.values()):
            raise ValueError(f"weights of methods must be positive numbers; got {dict(self.methods)}.")
        return [METHODS[name] for name in names]

    def _check_levels(self) -> None:
        if not all(0 < level < 100 for level in self.levels):
            raise ValueError(f"levels must be percentages between 0 and 100; got {list(self.levels)}.")

    def _column(self, name: str, ys: Float[np.ndarray, " rows"], methods: list[AbstractForecastMethod]) -> _Column:
        if np.isinf(ys).any():
            raise DataError(f"Column '{name}' is infinite in row {int(np.argmax(np.isinf(ys))) + 1}.")
        size = float(np.nanmax(np.abs(ys), initial=0.0))
        if size > _LARGEST or 0 < size < 1 / _LARGEST:
            raise DataError(
                f"Column '{name}' has values up to {size:.3g}; choose a unit in which they are of usual size."
            )
        if np.count_nonzero(~np.isnan(ys)) < 2:
            raise DataError(f"Column '{name}' must have at least two values to forecast from.")
        last = int(np.flatnonzero(~np.isnan(ys))[-1]) + 1
        history = History(self.calendar_.ts[:last], ys[:last])
        period = self._period(history)
        certain = self.season != "auto" or period == self.calendar_.suggested
        history = dataclasses.replace(history, period=period, certain=certain, inputs=self.inputs_)
        history = dataclasses.replace(history, longer=self._longer(history))
        future, _ = self._after(self._horizon(history))
        found = roll(methods, history, self._horizon(history), future)
        if not found:
            raise DataError(f"No method can forecast column '{name}'; it needs more values.")
        return _Column(
            history, found, average(found, self.methods) if isinstance(self.methods, Mapping) else choose(found)
        )

    def _period(self, history: History) -> float | None:
        if isinstance(self.season, str):
            if self.season != "auto":
                raise ValueError(f"season must be a number of rows, 'auto' or None; got '{self.season}'.")
            return find_period(history, self.calendar_.suggested)
        if self.season is not None and not self.season >= 2:
            raise ValueError(f"season must be at least 2 rows; got {self.season}.")
        return None if self.season is None else float(self.season)

    def _longer(self, history: History) -> float | None:
        """The longer season of a season that the calendar suggests."""
        seasons = self.calendar_.further
        usual = self.season == "auto" and history.period == self.calendar_.suggested
        return find_longer(history, seasons) if usual and history.period and seasons else None

    def _after(self, rows: int) -> tuple[Values, Any]:
        """The next times, in typical spacings and as they come: those of the table, if it has rows to forecast."""
        if self.inputs_ is None:
            return self.calendar_.after(rows)
        ts, labels = self.future_
        if rows > len(ts):
            raise DataError(
                f"{', '.join(self.known)} must be known for {pluralize(rows, 'row')} to forecast; the table has "
                f"{len(ts)} after the last that is complete. Append rows, with the other columns empty."
            )
        return ts[:rows], labels[:rows]

    def _at(self, times: Any, horizon: int | None) -> tuple[Values, Any]:
        """Times that were given, in typical spacings and as they came."""
        if horizon is not None:
            raise ValueError(f"times and horizon are alternatives; got both, with horizon {horizon}.")
        if self.inputs_ is not None:
            raise DataError(f"{', '.join(self.known)} must be known at these times; append rows to the table instead.")
        return self.calendar_.at(times)

    def _horizon(self, history: History) -> int:
        if self.horizon is not None:
            return _checked_horizon(self.horizon)
        if self.inputs_ is not None:
            return max(1, len(self.future_[0]))
        wanted = _LEAST_HORIZON if history.period is None else max(_LEAST_HORIZON, round(history.period))
        return max(1, min(wanted, len(history.ts) // _MOST_SHARE))

    def _distribution(self, column: _Column, ts: Values) -> Distribution:
        choice, history = column.choice, column.history
        if not np.array_equal(ts, self._after(self._horizon(history))[0]):
            ends = {name: METHODS[name].forecast(history, [len(history.ts)], [ts])[0] for name in choice.weights}
            found = {name: (column.found[name][0], end) for name, end in ends.items()}
            choice = average(found, choice.weights)
        return choice.forecast.widen(choice.factor)


def _checked_horizon(horizon: int) -> int:
    if isinstance(horizon, bool) or not isinstance(horizon, int | np.integer) or horizon < 1:
        raise ValueError(f"horizon must be a positive number of rows; got {horizon}.")
    return int(horizon)
