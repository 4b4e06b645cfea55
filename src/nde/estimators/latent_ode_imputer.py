"""What was not measured of a series."""

import dataclasses
from typing import Any

import numpy as np
from jaxtyping import Float
from sklearn.base import TransformerMixin

from nde.data import DataError
from nde.data.panel import TimeSeries
from nde.estimators.latent import AbstractLatentEstimator, times_of_each


class LatentODEImputer(TransformerMixin, AbstractLatentEstimator):
    """Fills the gaps of irregular series by a differential equation of a latent state.

    All rows of a series, before and after a gap, tell of it; a series of more than `window` rows is filled in windows.

    Args:
        parameters: Those of `NeuralODEForecaster`.

    Attributes:
        model_: The `nde.models.LatentODE`.
        normalization_: Between units of the data and the model's.
        history_: The course of the training, a `nde.train.History`.

    Source: Rubanova, Chen and Duvenaud, *Latent ODEs for irregularly-sampled time series* (2019),
    doi:10.48550/arXiv.1907.03907.

    Example:
        ```python
        import numpy as np
        from nde.estimators import LatentODEImputer

        ts, phases = np.arange(20), np.linspace(0.0, 6.0, 30)
        waves = np.sin(0.5 * ts + phases[:, None])
        waves[np.random.default_rng(0).random(waves.shape) < 0.3] = np.nan
        filled = LatentODEImputer(steps=20, random_state=0).fit_transform(waves)
        print(np.isnan(filled.ys).any())
        ```
    """

    def transform(self, X: Any) -> TimeSeries:
        """The panel with its gaps filled; what was measured stays.

        Args:
            X: A panel, a long data frame, or an array `(series, time, channels)`.

        Raises:
            NotFittedError: If it was not fitted.
            DataError: If the data are not as those that were fitted.
        """
        panel = self._known(X)
        found = np.concatenate(self._at(panel, [record.ts for record in panel]))
        return dataclasses.replace(panel, ys=np.where(panel.observed, panel.ys, found))

    def impute(self, X: Any, ts: Any) -> Float[np.ndarray, "series times channels"]:
        """The channels, without noise, at other times.

        Args:
            X: A panel, a long data frame, or an array `(series, time, channels)`.
            ts: Of shape `(times,)` for all series or `(series, times)`, in any order; none before the first row.

        Raises:
            NotFittedError: If it was not fitted.
            DataError: If the data are not as those that were fitted, or a time is before the first row.
        """
        panel = self._known(X)
        wanted = times_of_each(ts, len(panel))
        for record, each in zip(panel, wanted, strict=True):
            if each.min() < record.ts[0]:
                raise DataError(
                    f"Got the time {each.min():g} for series {record.id!r}, whose first row is at {record.ts[0]:g}; "
                    "none before it is wanted."
                )
        return np.stack(self._at(panel, wanted))
