"""What comes after the last row of a series."""

from typing import Any

import numpy as np
from jaxtyping import Float

from nde.data import DataError
from nde.data.panel import TimeSeries
from nde.estimators.latent import AbstractLatentEstimator, times_of_each

_HELD_OUT = 0.2
"""The share of the rows of each series that `score` forecasts."""


class NeuralODEForecaster(AbstractLatentEstimator):
    """Forecasts irregular, gappy series by a differential equation of a latent state.

    It learns from random cuts: a first part of a series is read, all of it predicted. A series of more than `window`
    rows is learned in windows, so a single long one will do; its forecast is made of its last window.

    Args:
        encoder: What reads the rows: `"gru"`, or `"ode-rnn"`, which is slower.
        latent_size: Length of what is inferred of a series.
        hidden_size: Length of the encoder's state.
        state_size: Length of the state that follows the differential equation.
        width: Of the networks' hidden layers.
        depth: How many the vector field has.
        window: How many rows are read at most.
        steps: Of descent.
        batch_size: Series, or windows, in a step.
        learning_rate: The highest; it falls to nothing along a cosine.
        series: If data frames are given, the column that names series.
        time: Likewise, the column of times.
        channels: Likewise, the columns of measurements; by default all that are left.
        random_state: Of weights and batches; an integer makes fits repeatable.
        run: A folder for checkpoints and a log. The fit of a folder that was killed is gone on from.
        progress: Whether to show a bar, by default on a terminal; or a function told after each step how many are
            done, of how many, and the loss.

    Attributes:
        model_: The `nde.models.LatentODE`.
        normalization_: Between units of the data and the model's.
        history_: The course of the training, a `nde.train.History`.

    Source: Rubanova, Chen and Duvenaud, *Latent ODEs for irregularly-sampled time series* (2019),
    doi:10.48550/arXiv.1907.03907.

    Example:
        ```python
        import numpy as np
        from nde.estimators import NeuralODEForecaster

        ts, phases = np.arange(20), np.linspace(0.0, 6.0, 30)
        waves = np.sin(0.5 * ts + phases[:, None])
        forecaster = NeuralODEForecaster(steps=20, random_state=0).fit(waves)
        print(forecaster.predict(waves[:2], times=[20.0, 21.5]).shape)
        ```
    """

    def predict(self, X: Any, times: Any) -> Float[np.ndarray, "series times channels"]:
        """The channels after the last row of each series.

        Args:
            X: A panel, a long data frame, or an array `(series, time, channels)`.
            times: Of shape `(times,)` for all series or `(series, times)`, in the unit of the panel's times, in any
                order; none before the last row.

        Raises:
            NotFittedError: If it was not fitted.
            DataError: If the data are not as those that were fitted, or a time is before the last row.
        """
        panel = self._known(X)
        wanted = times_of_each(times, len(panel))
        for record, each in zip(panel, wanted, strict=True):
            if each.min() < record.ts[-1]:
                raise DataError(
                    f"Got the time {each.min():g} for series {record.id!r}, whose last row is at {record.ts[-1]:g}; "
                    "later ones are wanted. For earlier ones take LatentODEImputer."
                )
        return np.stack(self._at(panel, wanted))

    def score(self, X: Any, y: Any = None) -> float:
        """The negative root mean squared error of the last fifth of the rows, forecast from those before.

        Errors are in units of each channel's deviation in the data that were fitted; series of one row do not count.

        Raises:
            NotFittedError: If it was not fitted.
            DataError: If no series has two rows.
        """
        del y
        panel = self._known(X)
        panel = panel[panel.lengths > 1] if (panel.lengths > 1).any() else panel[:0]
        kept = [len(record.ts) - max(1, int(_HELD_OUT * len(record.ts))) for record in panel]
        parts = [(r.ts[:k], r.ys[:k], r.ts[k:], r.ys[k:]) for r, k in zip(panel, kept, strict=True)]
        parts = [part for part in parts if not np.isnan(part[1]).all()]
        head = TimeSeries.from_arrays([p[1] for p in parts], [p[0] for p in parts], channels=panel.channels)
        found = np.concatenate(self._at(head, [part[2] for part in parts]))
        errors = (found - np.concatenate([part[3] for part in parts])) / np.array(self.normalization_.scale)
        return -float(np.sqrt(np.nanmean(errors**2)))
