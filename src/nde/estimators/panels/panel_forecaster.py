"""An estimator that forecasts many series by the method that did best on their past."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from sklearn.utils.validation import check_is_fitted

from nde.data import DataError
from nde.data.panel import TimeSeries
from nde.estimators.forecasting.forecast import Forecast
from nde.estimators.latent import broadcast_times
from nde.estimators.panels.axis import SeriesAxis, Times, axes_of
from nde.estimators.panels.base import AbstractPanelEstimator
from nde.estimators.panels.cell import known_rows, last_cells, past_cells, typical_step
from nde.estimators.panels.channel import CellForecast, ChannelMethod, Chosen
from nde.estimators.panels.comparison import PanelScore, Rolled, choose, roll_all, sample_of, sentence
from nde.estimators.panels.curves import NAME as CURVES
from nde.estimators.panels.curves import Curve, curves_for, curves_of
from nde.estimators.panels.linear_sde import MOST_FITTED, OWN, SHARED
from nde.estimators.panels.plain import PLAIN_METHODS
from nde.estimators.panels.seasons import find_season

METHODS = (OWN, SHARED, CURVES, *PLAIN_METHODS)
"""All methods, by name; the first is taken unless another is clearly better."""
_LEAST_HORIZON = 10
_MOST_SHARE = 3
"""A default horizon is at most one part in so many of the rows of the median series."""


class PanelForecaster(AbstractPanelEstimator):
    """Forecast each channel of many series, with intervals, by the method that did best on their past.

    The methods are a linear SDE of each series (`nde.models.StructuralSDE`, with parameters of its own, or shared by
    all), a regression on how the other series went on at the same age, and the plain ones: mean, last value, drift and
    the value one season before. Each forecasts the series from points of their past; for each channel the best is used.
    Intervals have the widths that would have covered the past as often as they say.

    Series may be of any length, rows irregular, and values missing. A linear SDE is fitted to at most 12,000 rows, with
    a season 6,000; if there are more, all series share the median parameters of a sample of them.

    Source: for the linear SDE Harvey, *Forecasting, Structural Time Series Models and the Kalman Filter* (1990),
    doi:10.1017/CBO9781107049994.

    Args:
        horizon: How many rows to forecast from points of the past, and by default from the end; by default one season,
            at least ten rows, at most a third of the rows of the median series.
        season: Rows in a season; `"auto"` looks for one in each channel, `None` says that there is none.
        methods: Names of the methods to compare, of `"linear SDE"`, `"linear SDE, shared"`,
            `"curves of other series"`, `"mean"`, `"last value"`, `"drift"` and `"seasonal naive"`; by default all.
        levels: Levels of the intervals, in percent.
        series: For data frames, the column that identifies series.
        time: For data frames, the column of times.
        channels: For data frames, the columns of measurements; by default all remaining columns.
        progress: A function that is called after each channel with the number of channels done, their total, and the
            error of the method that was chosen.

    Attributes:
        methods_: The method used for each channel.
        season_: Rows in a season, for each channel; `None` where there is none.
        scores_: For each channel, how well each method forecast the past, the best first.
        horizon_: How many rows were forecast from points of the past.

    Example:
        ```python
        import numpy as np
        from nde.estimators import PanelForecaster

        months = np.arange(48)
        sales = [a + 10 * np.sin(2 * np.pi * months / 12) + 0.1 * months for a in range(5)]
        forecaster = PanelForecaster(season=12, methods=["seasonal naive", "drift"]).fit(sales)
        print(forecaster.summary())
        print(forecaster.forecast(sales, horizon=3)[0].to_frame())
        ```
    """

    known_methods = METHODS

    def __init__(
        self,
        horizon: int | None = None,
        *,
        season: float | str | None = "auto",
        methods: Sequence[str] | None = None,
        levels: Sequence[int] = (50, 80, 95),
        series: str | None = None,
        time: str | None = None,
        channels: Sequence[str] | None = None,
        progress: Callable[[int, int, float], Any] | None = None,
    ) -> None:
        self.horizon = horizon
        self.season = season
        self.methods = methods
        self.levels = levels
        self.series = series
        self.time = time
        self.channels = channels
        self.progress = progress

    def fit(self, X: Any, y: Any = None) -> "PanelForecaster":
        """Compare the methods on the past of all series.

        Args:
            X: A panel, a long data frame, or an array of shape `(series, time, channels)`; see
                `nde.estimators.as_panel`.
            y: Not used.

        Returns:
            The fitted forecaster.

        Raises:
            DataError: If `X` is not a valid panel.
            ValueError: If a setting is out of range.
        """
        del y
        panel = self._panel(X, self.channels)
        names, axes = self._methods(), axes_of(panel)
        self._check_levels()
        seasons = [self._period(panel, axes, channel) for channel in range(len(panel.channels))]
        self.horizon_ = self._horizon(panel, seasons)
        self.fitted_, self.scores_, self.curves_ = {}, {}, {}
        for channel, name in enumerate(panel.channels):
            scores = self._compare(panel, axes, channel, seasons[channel], names)
            if self.progress is not None:
                own = [score.error for score in scores if score.name == self.methods_[name]]
                self.progress(channel + 1, len(panel.channels), own[0] if own else np.nan)
        return self

    @property
    def methods_(self) -> dict[str, str]:
        """The method used for each channel."""
        return {name: method.best.name for name, method in self.fitted_.items()}

    @property
    def season_(self) -> dict[str, float | None]:
        """Rows in a season, for each channel."""
        return {name: method.period for name, method in self.fitted_.items()}

    def predict(self, X: Any, times: Any) -> Float[np.ndarray, "series times channels"]:
        """Forecast the medians of the channels after the last row of each series.

        Args:
            X: A panel, a long data frame, or an array of shape `(series, time, channels)`.
            times: Times of shape `(times,)` for all series, or `(series, times)`, in the unit of the panel's times, in
                any order; none before the last row.

        Returns:
            An array of shape `(series, times, channels)`, in the units of the data.

        Raises:
            NotFittedError: If the forecaster is not fitted.
            DataError: If `X` has other channels than the forecaster was fitted to, or a time is before the last row.
        """
        return np.stack([forecast.median for forecast in self.forecast(X, times=times)])

    def forecast(self, X: Any, horizon: int | None = None, *, times: Any = None) -> list[Forecast]:
        """Forecast each series after its last row, with intervals.

        Args:
            X: A panel, a long data frame, or an array of shape `(series, time, channels)`.
            horizon: How many rows at the usual spacing; by default as many as `fit` compared the methods on.
            times: Times instead, as for `predict`.

        Returns:
            A forecast for each series.

        Raises:
            NotFittedError: If the forecaster is not fitted.
            DataError: If `X` has other channels than the forecaster was fitted to, or a time is before the last row.
            ValueError: If `horizon` is not a positive number.
        """
        panel = self._fitted_panel(X)
        if times is not None:
            return self.forecast_each(panel, broadcast_times(times, len(panel)))
        rows = self.horizon_ if horizon is None else _checked_horizon(horizon)
        return self.forecast_each(panel, [axis.after(rows) for axis in axes_of(panel)])

    def forecast_each(self, X: Any, times: Sequence[Times]) -> list[Forecast]:
        """Forecast each series at times of its own, with intervals.

        Args:
            X: A panel, a long data frame, or an array of shape `(series, time, channels)`.
            times: For each series its times, in any order; none before the last row.

        Raises:
            NotFittedError: If the forecaster is not fitted.
            DataError: If `X` has other channels than the forecaster was fitted to, or a time is before the last row.
        """
        panel = self._fitted_panel(X)
        for record, own in zip(panel, times, strict=True):
            if own.min() < record.ts[-1]:
                raise DataError(
                    f"Got time {own.min():g} for series {record.id!r}, whose last row is at {record.ts[-1]:g}. "
                    "Forecast times must not be before the last row."
                )
        axes, orders = axes_of(panel), [np.argsort(own, kind="stable") for own in times]
        ordered = [own[order] for own, order in zip(times, orders, strict=True)]
        found = [self._channel(panel, axes, channel, ordered) for channel in range(len(panel.channels))]
        return [
            self._forecast(panel, place, times[place], np.argsort(orders[place]), [own[place] for own in found])
            for place in range(len(panel))
        ]

    def summary(self) -> str:
        """Say in a sentence for each channel which method is used, and how it compares with the plain ones."""
        check_is_fitted(self, "fitted_")
        return "\n".join(
            sentence(name, self.scores_[name], method.best.name, None if method.rest is None else method.rest.name)
            for name, method in self.fitted_.items()
        )

    def _to_config(self) -> dict[str, Any]:
        return {
            "horizon": self.horizon_,
            "channels": [
                {
                    "name": name,
                    "method": dataclasses.asdict(self.fitted_[name]),
                    "scores": [dataclasses.asdict(score) for score in self.scores_[name]],
                    "curves": [curve.to_dict() for curve in self.curves_[name]],
                }
                for name in self.channels_
            ],
        }

    def _from_config(self, config: dict[str, Any]) -> None:
        self.horizon_ = config["horizon"]
        self.fitted_ = {own["name"]: ChannelMethod.from_dict(own["method"]) for own in config["channels"]}
        self.scores_ = {own["name"]: [PanelScore(**score) for score in own["scores"]] for own in config["channels"]}
        self.curves_ = {own["name"]: [Curve.from_dict(curve) for curve in own["curves"]] for own in config["channels"]}

    def _compare(
        self, panel: TimeSeries, axes: list[SeriesAxis], channel: int, period: float | None, names: Sequence[str]
    ) -> list[PanelScore]:
        """Compare the methods for a channel, and keep the best."""
        name, curves = panel.channels[channel], curves_of(panel, channel)
        rows = MOST_FITTED // len(panel.channels) // (1 if period is None else 2)
        every = past_cells(panel, axes, channel, period, self.horizon_)
        cells, others = sample_of(every, rows), curves_for(panel, curves, leave_out=True)
        if len(cells) < len(every) and SHARED in names:
            names = [each for each in names if each != OWN]
        found = roll_all(cells, period, rows, names, others) if cells else {}
        self.fitted_[name] = _chosen(panel, channel, period, found, len(cells), names)
        self.scores_[name] = sorted((each.score for each in found.values()), key=lambda score: score.error)
        self.curves_[name] = curves if self.methods_[name] == CURVES else []
        return self.scores_[name]

    def _check_levels(self) -> None:
        if not all(0 < level < 100 for level in self.levels):
            raise ValueError(f"levels must be percentages between 0 and 100; got {list(self.levels)}.")

    def _period(self, panel: TimeSeries, axes: list[SeriesAxis], channel: int) -> float | None:
        if isinstance(self.season, str):
            if self.season != "auto":
                raise ValueError(f"season must be a number of rows, 'auto' or None; got '{self.season}'.")
            return find_season(panel, axes, channel)
        if self.season is not None and not self.season >= 2:
            raise ValueError(f"season must be at least 2 rows; got {self.season}.")
        return None if self.season is None else float(self.season)

    def _horizon(self, panel: TimeSeries, seasons: Sequence[float | None]) -> int:
        if self.horizon is not None:
            return _checked_horizon(self.horizon)
        season = max((period for period in seasons if period is not None), default=0.0)
        return max(1, min(max(_LEAST_HORIZON, round(season)), int(np.median(panel.lengths)) // _MOST_SHARE))

    def _channel(
        self, panel: TimeSeries, axes: list[SeriesAxis], channel: int, times: Sequence[Times]
    ) -> list[CellForecast]:
        """The forecasts of a channel of each series, at increasing times."""
        name = self.channels_[channel]
        method = self.fitted_[name]
        cells = last_cells(panel, axes, channel, method.period, times, method.typical)
        found = method.forecast(cells, curves_for(panel, self.curves_[name], leave_out=False))
        known = {cell.series: own for cell, own in zip(cells, found, strict=True)}
        return [known[place] if place in known else method.constant(len(own)) for place, own in enumerate(times)]

    def _forecast(
        self,
        panel: TimeSeries,
        place: int,
        times: Times,
        order: np.ndarray,
        channels: Sequence[CellForecast],
    ) -> Forecast:
        """The forecast of a series, in the order of the times."""

        def interval(level: int) -> tuple[Float[np.ndarray, "times channels"], Float[np.ndarray, "times channels"]]:
            ends = [own.interval(level / 100) for own in channels]
            lower, upper = (np.stack(own, axis=1)[order] for own in zip(*ends, strict=True))
            return lower, upper

        return Forecast(
            times=panel.clock.restore(times, place),
            names=self.channels_,
            median=np.stack([own.distribution.median for own in channels], axis=1)[order],
            intervals={level: interval(level) for level in self.levels},
        )


def _chosen(
    panel: TimeSeries, channel: int, period: float | None, found: dict[str, Rolled], series: int, names: Sequence[str]
) -> ChannelMethod:
    """The method for a channel; without a past to compare on, the last value."""
    values = np.concatenate(
        [record.ys[rows, channel] for record, rows in zip(panel, known_rows(panel, channel), strict=True)]
    )
    mean = float(values.mean()) if values.size else 0.0
    deviation, typical = float(values.std()) if values.size else 1.0, typical_step(panel, channel)
    numbers = (period, typical, mean, deviation)
    if not found:
        plain = [name for name in names if name in PLAIN_METHODS]
        name = "last value" if "last value" in plain or not plain else plain[0]
        return ChannelMethod(Chosen(name), None, *numbers)
    best = choose(found, series)
    others = {name: own for name, own in found.items() if name != CURVES}
    rest = Chosen.of(others[choose(others, series)]) if best == CURVES and others else None
    return ChannelMethod(Chosen.of(found[best]), rest, *numbers)


def _checked_horizon(horizon: int) -> int:
    if isinstance(horizon, bool) or not isinstance(horizon, int | np.integer) or horizon < 1:
        raise ValueError(f"horizon must be a positive number of rows; got {horizon}.")
    return int(horizon)
