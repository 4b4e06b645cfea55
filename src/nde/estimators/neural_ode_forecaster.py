"""Forecasting with latent ODEs."""

from typing import Any

import numpy as np
from jaxtyping import Float

from nde.data import DataError
from nde.data.panel import TimeSeries
from nde.estimators.latent import AbstractLatentEstimator, broadcast_times

_HOLDOUT = 0.2
"""The share of the rows of each series that `score` holds out."""


class NeuralODEForecaster(AbstractLatentEstimator):
    """Forecaster for irregular time series with missing values, with a latent ODE.

    In training, each series is cut at a random row; the encoder reads the rows before the cut, and the model predicts
    all rows. A series with more than `window` rows is split into windows, so a single long series is enough; its
    forecast starts from its last window.

    Args:
        encoder: The encoder: `"gru"`, or `"ode-rnn"`, which is slower.
        latent_size: Size of the latent variable that is inferred for each series.
        hidden_size: Size of the encoder's state.
        state_size: Size of the state of the latent ODE.
        width: Width of the networks' hidden layers.
        depth: Number of hidden layers of the vector field.
        window: The largest number of rows that the encoder reads.
        max_iter: Number of training steps.
        batch_size: Number of series, or windows, in a batch.
        learning_rate: Peak learning rate; it decays to zero along a cosine.
        series: For data frames, the column that identifies series.
        time: For data frames, the column of times.
        channels: For data frames, the columns of measurements; by default all remaining columns.
        random_state: Seed for weights and batches; pass an integer for reproducible fits.
        checkpoint_dir: Folder for checkpoints and a log. If it holds a checkpoint of this fit, training resumes.
        progress: Whether to show a progress bar; by default only on a terminal. Or a function that is called after each
            step with the number of steps done, their total, and the loss.

    Attributes:
        model_: The fitted `nde.models.LatentODE`.
        normalization_: The `nde.data.Normalization` between the units of the data and those of the model.
        history_: The training history, a `nde.train.History`.
        n_iter_: Number of training steps made.

    Source: Rubanova, Chen and Duvenaud, *Latent ODEs for irregularly-sampled time series* (2019),
    doi:10.48550/arXiv.1907.03907.

    Example:
        ```python
        import numpy as np
        from nde.estimators import NeuralODEForecaster

        ts, phases = np.arange(20), np.linspace(0.0, 6.0, 30)
        waves = np.sin(0.5 * ts + phases[:, None])
        forecaster = NeuralODEForecaster(max_iter=20, random_state=0).fit(waves)
        print(forecaster.predict(waves[:2], times=[20.0, 21.5]).shape)
        ```
    """

    def predict(self, X: Any, times: Any) -> Float[np.ndarray, "series times channels"]:
        """Forecast the channels after the last row of each series.

        Args:
            X: A panel, a long data frame, or an array of shape `(series, time, channels)`.
            times: Times of shape `(times,)` for all series, or `(series, times)`, in the unit of the panel's times, in
                any order; none before the last row.

        Returns:
            An array of shape `(series, times, channels)`, in the units of the data.

        Raises:
            NotFittedError: If the estimator is not fitted.
            DataError: If `X` has other channels than the estimator was fitted to, or a time is before the last row.
        """
        panel = self._check_panel(X)
        forecast_times = broadcast_times(times, len(panel))
        for record, own in zip(panel, forecast_times, strict=True):
            if own.min() < record.ts[-1]:
                raise DataError(
                    f"Got time {own.min():g} for series {record.id!r}, whose last row is at {record.ts[-1]:g}. "
                    "Forecast times must not be before the last row; for earlier times, use LatentODEImputer."
                )
        return np.stack(self._evaluate(panel, forecast_times))

    def score(self, X: Any, y: Any = None) -> float:
        """Negative root mean squared error of forecasts of the last fifth of the rows of each series.

        Errors are in standard deviations of each channel in the training data. Series with only one row are ignored.

        Args:
            X: A panel, a long data frame, or an array of shape `(series, time, channels)`.
            y: Not used.

        Returns:
            The score; higher is better and zero is best.

        Raises:
            NotFittedError: If the estimator is not fitted.
            DataError: If no series has two rows.
        """
        del y
        panel = self._check_panel(X)
        panel = panel[panel.lengths > 1] if (panel.lengths > 1).any() else panel[:0]
        kept = [len(record.ts) - max(1, int(_HOLDOUT * len(record.ts))) for record in panel]
        parts = [(r.ts[:k], r.ys[:k], r.ts[k:], r.ys[k:]) for r, k in zip(panel, kept, strict=True)]
        parts = [part for part in parts if not np.isnan(part[1]).all()]
        head = TimeSeries.from_arrays([p[1] for p in parts], [p[0] for p in parts], channels=panel.channels)
        predictions = np.concatenate(self._evaluate(head, [part[2] for part in parts]))
        errors = (predictions - np.concatenate([part[3] for part in parts])) / np.array(self.normalization_.scale)
        return -float(np.sqrt(np.nanmean(errors**2)))
