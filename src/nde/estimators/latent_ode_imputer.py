"""Imputation of missing values with latent ODEs."""

import dataclasses
from typing import TYPE_CHECKING, Any, Union

import numpy as np
from jaxtyping import Float

from nde.data import DataError
from nde.data.panel import TimeSeries
from nde.estimators.latent import AbstractLatentEstimator, broadcast_times
from nde.estimators.series_transformer import SeriesTransformer

if TYPE_CHECKING:
    import pandas


class LatentODEImputer(SeriesTransformer, AbstractLatentEstimator, auto_wrap_output_keys=None):
    """Imputer of missing values in irregular time series, with a latent ODE.

    Each missing value is inferred from all rows of the series, before and after it. A series with more than `window`
    rows is filled window by window.

    Args:
        parameters: As for `NeuralODEForecaster`.

    Attributes:
        model_: The fitted `nde.models.LatentODE`.
        normalization_: The `nde.data.Normalization` between the units of the data and those of the model.
        history_: The training history, a `nde.train.History`.

    Source: Rubanova, Chen and Duvenaud, *Latent ODEs for irregularly-sampled time series* (2019),
    doi:10.48550/arXiv.1907.03907.

    Example:
        ```python
        import numpy as np
        from nde.estimators import LatentODEImputer

        ts, phases = np.arange(20), np.linspace(0.0, 6.0, 30)
        waves = np.sin(0.5 * ts + phases[:, None])
        waves[np.random.default_rng(0).random(waves.shape) < 0.3] = np.nan
        filled = LatentODEImputer(max_iter=20, random_state=0).fit_transform(waves)
        print(np.isnan(filled.ys).any())
        ```
    """

    def transform(self, X: Any) -> Union[TimeSeries, "pandas.DataFrame"]:
        """Fill missing values; observed values do not change.

        Args:
            X: A panel, a long data frame, or an array of shape `(series, time, channels)`.

        Returns:
            The panel without missing values; after `set_output(transform="pandas")` a data frame, as from
            `TimeSeries.to_frame`.

        Raises:
            NotFittedError: If the estimator is not fitted.
            DataError: If `X` has other channels than the estimator was fitted to.
        """
        panel = self._check_panel(X)
        predictions = np.concatenate(self._evaluate(panel, [record.ts for record in panel]))
        filled = dataclasses.replace(panel, ys=np.where(panel.observed, panel.ys, predictions))
        return self._as_output(filled)

    def impute(self, X: Any, ts: Any) -> Float[np.ndarray, "series times channels"]:
        """Predict the channels at other times, without observation noise.

        Args:
            X: A panel, a long data frame, or an array of shape `(series, time, channels)`.
            ts: Times of shape `(times,)` for all series, or `(series, times)`, in any order; none before the first row.

        Returns:
            An array of shape `(series, times, channels)`, in the units of the data.

        Raises:
            NotFittedError: If the estimator is not fitted.
            DataError: If `X` has other channels than the estimator was fitted to, or a time is before the first row.
        """
        panel = self._check_panel(X)
        times = broadcast_times(ts, len(panel))
        for record, own in zip(panel, times, strict=True):
            if own.min() < record.ts[0]:
                raise DataError(
                    f"Got time {own.min():g} for series {record.id!r}, whose first row is at {record.ts[0]:g}. Times "
                    "before the first row cannot be imputed."
                )
        return np.stack(self._evaluate(panel, times))
