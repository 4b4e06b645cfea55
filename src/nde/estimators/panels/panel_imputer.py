"""An estimator that fills the gaps of many series by the method that did best on hidden values."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Union

import numpy as np
from jaxtyping import Float
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from nde.data.panel import TimeSeries
from nde.estimators.forecasting.history import Times
from nde.estimators.latent import broadcast_times
from nde.estimators.panels.axis import axes_of
from nde.estimators.panels.base import AbstractPanelEstimator
from nde.estimators.panels.filling import MIXTURES, Filled, fill_channel
from nde.estimators.panels.gap_comparison import GapMethod, GapScore, compare
from nde.estimators.panels.gaps import gaps_of
from nde.estimators.panels.hiding import hide_values, repeat_series
from nde.estimators.series_transformer import SeriesTransformer

if TYPE_CHECKING:
    import pandas


class PanelImputer(SeriesTransformer, AbstractPanelEstimator, auto_wrap_output_keys=None):
    """Fill the gaps of each channel of many series, by the method that did best on values hidden from it.

    The methods are lines between known values, a linear SDE of each series (`nde.models.StructuralSDE`), which reads
    the values before and after a gap, a linear SDE of what a regression on the other channels leaves over, and means of
    these. Series may be of any length, rows irregular.

    A linear SDE is fitted to at most 12,000 rows, with a season 6,000; if there are more, all series share the median
    parameters of some of them.

    Source: for the linear SDE Harvey, *Forecasting, Structural Time Series Models and the Kalman Filter* (1990),
    doi:10.1017/CBO9781107049994.

    Args:
        methods: Names of the methods to compare, of `"linear interpolation"`, `"linear SDE"`,
            `"linear SDE with other channels"`, `"mean of linear SDE and line"`, `"mean of linear SDEs"` and
            `"mean of all"`; by default all.
        series: For data frames, the column that identifies series.
        time: For data frames, the column of times.
        channels: For data frames, the columns of measurements; by default all remaining columns.
        random_state: Seed of what is hidden; pass an integer for reproducible fits.
        progress: A function that is called after each channel with the number of channels done, their total, and the
            error of the method that was chosen.

    Attributes:
        methods_: The method used for each channel.
        season_: Rows in a season, for each channel; `None` where there is none.
        scores_: For each channel, how well each method filled hidden values, the best first.

    Example:
        ```python
        import numpy as np
        from nde.estimators import PanelImputer

        ts, phases = np.arange(20), np.linspace(0.0, 6.0, 5)
        waves = np.sin(0.5 * ts + phases[:, None])
        waves[np.random.default_rng(0).random(waves.shape) < 0.3] = np.nan
        imputer = PanelImputer(methods=["linear interpolation"], random_state=0)
        print(np.isnan(imputer.fit_transform(waves).ys).any())
        print(imputer.summary())
        ```
    """

    known_methods = tuple(MIXTURES)

    def __init__(
        self,
        *,
        methods: Sequence[str] | None = None,
        series: str | None = None,
        time: str | None = None,
        channels: Sequence[str] | None = None,
        random_state: Any = None,
        progress: Callable[[int, int, float], Any] | None = None,
    ) -> None:
        self.methods = methods
        self.series = series
        self.time = time
        self.channels = channels
        self.random_state = random_state
        self.progress = progress

    def fit(self, X: Any, y: Any = None) -> "PanelImputer":
        """Compare the methods on hidden values of all series.

        Args:
            X: A panel, a long data frame, or an array of shape `(series, time, channels)`; see
                `nde.estimators.as_panel`.
            y: Not used.

        Returns:
            The fitted imputer.

        Raises:
            DataError: If `X` is not a valid panel.
            ValueError: If a method is unknown.
        """
        del y
        panel, names = repeat_series(self._panel(X, self.channels)), self._methods()
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        seen, axes = hide_values(panel, seed), axes_of(panel)
        self.fitted_: dict[str, GapMethod] = {}
        for channel, name in enumerate(panel.channels):
            self.fitted_[name] = compare(panel, seen, axes, channel, names)
            if self.progress is not None:
                errors = [score.error for score in self.fitted_[name].scores]
                self.progress(channel + 1, len(panel.channels), min(errors, default=np.nan))
        return self

    @property
    def methods_(self) -> dict[str, str]:
        """The method used for each channel."""
        return {name: own.method for name, own in self.fitted_.items()}

    @property
    def season_(self) -> dict[str, float | None]:
        """Rows in a season, for each channel."""
        return {name: own.period for name, own in self.fitted_.items()}

    @property
    def scores_(self) -> dict[str, list[GapScore]]:
        """For each channel, how well each method filled hidden values, the best first."""
        return {name: own.scores for name, own in self.fitted_.items()}

    def transform(self, X: Any) -> Union[TimeSeries, "pandas.DataFrame"]:
        """Fill missing values; observed values do not change.

        Args:
            X: A panel, a long data frame, or an array of shape `(series, time, channels)`.

        Returns:
            The panel without missing values; after `set_output(transform="pandas")` a data frame, as from
            `TimeSeries.to_frame`.

        Raises:
            NotFittedError: If the imputer is not fitted.
            DataError: If `X` has other channels than the imputer was fitted to.
        """
        panel = self._fitted_panel(X)
        times = [
            [series.ts[np.isnan(series.ys[:, channel])] for series in panel] for channel in range(len(panel.channels))
        ]
        ys = panel.ys.copy()
        for channel, own in enumerate(times):
            ys[np.isnan(ys[:, channel]), channel] = np.concatenate(self._fill(panel, channel, own))
        return self._as_output(dataclasses.replace(panel, ys=ys))

    def impute(self, X: Any, ts: Any) -> Float[np.ndarray, "series times channels"]:
        """Predict the channels at any times.

        Args:
            X: A panel, a long data frame, or an array of shape `(series, time, channels)`.
            ts: Times of shape `(times,)` for all series, or `(series, times)`, in any order.

        Returns:
            An array of shape `(series, times, channels)`, in the units of the data.

        Raises:
            NotFittedError: If the imputer is not fitted.
            DataError: If `X` has other channels than the imputer was fitted to.
        """
        panel = self._fitted_panel(X)
        wanted = broadcast_times(ts, len(panel))
        orders = [np.argsort(own, kind="stable") for own in wanted]
        ordered = [own[order] for own, order in zip(wanted, orders, strict=True)]
        columns = [np.stack(self._fill(panel, channel, ordered)) for channel in range(len(panel.channels))]
        values = np.stack(columns, axis=-1)
        return np.stack([own[np.argsort(order)] for own, order in zip(values, orders, strict=True)])

    def summary(self) -> str:
        """Say in a sentence for each channel which method is used, and how it compares with lines."""
        check_is_fitted(self, "fitted_")
        return "\n".join(own.sentence(name) for name, own in self.fitted_.items())

    def _to_config(self) -> dict[str, Any]:
        return {"channels": [{"name": name, "method": own.to_dict()} for name, own in self.fitted_.items()]}

    def _from_config(self, config: dict[str, Any]) -> None:
        self.fitted_ = {own["name"]: GapMethod.from_dict(own["method"]) for own in config["channels"]}

    def _fill(self, panel: TimeSeries, channel: int, times: Sequence[Times]) -> Filled:
        """Values of a channel of each series at increasing times; the mean where a series has none."""
        fitted, axes = self.fitted_[self.channels_[channel]], axes_of(panel)
        steps = [axis.to_steps(own) for axis, own in zip(axes, times, strict=True)]
        gaps = gaps_of(panel, axes, channel, fitted.period, steps)
        values = fill_channel(panel, axes, gaps, fitted.method, fitted.smoothers) if gaps else []
        known = {gap.series: own for gap, own in zip(gaps, values, strict=True)}
        return [known.get(place, np.full(len(own), fitted.mean)) for place, own in enumerate(times)]
