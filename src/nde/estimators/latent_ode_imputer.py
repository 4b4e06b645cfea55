"""Imputation of missing values with latent ODEs."""

import dataclasses
from typing import TYPE_CHECKING, Any, Union

import numpy as np
import sklearn
from jaxtyping import Float
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted

from nde.data import DataError
from nde.data.panel import TimeSeries
from nde.estimators.latent import AbstractLatentEstimator, broadcast_times

if TYPE_CHECKING:
    import pandas

_CONTAINERS = ("default", "pandas")


class LatentODEImputer(TransformerMixin, AbstractLatentEstimator, auto_wrap_output_keys=None):
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
        return filled.to_frame() if self._container() == "pandas" else filled

    def set_output(self, *, transform: str | None = None) -> "LatentODEImputer":
        """Choose what `transform` and `fit_transform` return.

        Args:
            transform: `"default"` for a `nde.TimeSeries`; `"pandas"` for a data frame indexed by series and time, with
                a column for each channel; `None` for no change.

        Returns:
            The estimator.

        Raises:
            ValueError: If there is no such output.

        Example:
            ```python
            import numpy as np
            from nde.estimators import LatentODEImputer

            imputer = LatentODEImputer(max_iter=1, random_state=0).set_output(transform="pandas")
            print(imputer.fit_transform([[1.0, np.nan, 3.0], [1.0, 2.0, 3.0]]).head(3))
            ```
        """
        if transform is not None:
            # `sklearn.base.clone` copies this attribute.
            self._sklearn_output_config = {"transform": _checked_container(transform)}
        return self

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """The names of the channels, which are the columns of a data frame that `transform` returns.

        Args:
            input_features: The names of the channels or `None`.

        Returns:
            The names, of shape `(channels,)`.

        Raises:
            NotFittedError: If the estimator is not fitted.
            ValueError: If `input_features` are other names.
        """
        check_is_fitted(self, "model_")
        if input_features is not None and tuple(input_features) != self.channels_:
            raise ValueError(
                f"input_features must be the channels that the estimator was fitted to, {', '.join(self.channels_)}; "
                f"got {', '.join(map(str, input_features))}."
            )
        return np.array(self.channels_, object)

    def _container(self) -> str:
        """What `transform` returns, chosen for this estimator or for all of scikit-learn."""
        own = getattr(self, "_sklearn_output_config", {})
        return _checked_container(own.get("transform", sklearn.get_config()["transform_output"]))

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


def _checked_container(name: str) -> str:
    if name not in _CONTAINERS:
        raise ValueError(
            f"transform must be {' or '.join(map(repr, _CONTAINERS))}; got {name!r}. A frame of polars is "
            "`polars.from_pandas(frame.reset_index())`."
        )
    return name
