"""Base class for estimators with a latent ODE."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from sklearn.utils.validation import check_is_fitted

from nde.core.device import to_device
from nde.data import DataError, Normalization, as_panel, pad
from nde.data.panel import TimeSeries
from nde.data.panel.windows import windows
from nde.data.plural import pluralize
from nde.estimators.base import AbstractSeriesEstimator
from nde.estimators.frequencies import initial_frequencies
from nde.estimators.panels.base import check_channels
from nde.estimators.pieces import Pieces
from nde.models import LatentODE
from nde.models.latent.training import Cuts, cut_loss
from nde.models.registry import ENCODERS
from nde.train.progress import Progress

_AT_ONCE = 256
_OVERLAP = 4
"""Training windows start a quarter of a window apart."""


class AbstractLatentEstimator(AbstractSeriesEstimator):
    """Base class for estimators that train one `nde.models.LatentODE` on all series, or on windows of them.

    See `NeuralODEForecaster` for the parameters.
    """

    def __init__(
        self,
        *,
        encoder: str = "gru",
        latent_size: int = 8,
        hidden_size: int = 32,
        state_size: int = 16,
        width: int = 16,
        depth: int = 2,
        window: int = 40,
        max_iter: int = 600,
        batch_size: int = 64,
        learning_rate: float = 1e-2,
        series: str | None = None,
        time: str | None = None,
        channels: Sequence[str] | None = None,
        random_state: Any = None,
        checkpoint_dir: str | Path | None = None,
        progress: bool | Progress | None = None,
    ) -> None:
        self.encoder = encoder
        self.latent_size = latent_size
        self.hidden_size = hidden_size
        self.state_size = state_size
        self.width = width
        self.depth = depth
        self.window = window
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.series = series
        self.time = time
        self.channels = channels
        self.random_state = random_state
        self.checkpoint_dir = checkpoint_dir
        self.progress = progress

    def fit(self, X: Any, y: Any = None) -> Any:
        """Train the model.

        Args:
            X: A panel, a long data frame, or an array of shape `(series, time, channels)`; see
                `nde.estimators.as_panel`.
            y: Not used.

        Returns:
            The fitted estimator.

        Raises:
            DataError: If `X` is not a valid panel.
            ValueError: If `encoder` is unknown, or `window` is less than 2.
        """
        del y
        rows = self._rows()
        pieces = windows(self._panel(X, self.channels), rows, max(1, rows // _OVERLAP))
        self.normalization_ = Normalization.fit(pieces, times=True)
        self.frequencies_ = initial_frequencies(pieces, self.normalization_.time_scale, self.state_size // 2)
        seed = self._seed()
        data = Cuts(pad(self.normalization_.apply(pieces)), self.batch_size, steps=self.max_iter, seed=seed)
        self._train(cut_loss, data, seed=seed, steps=self.max_iter)
        return self

    @property
    def channels_(self) -> tuple[str, ...]:
        """Names of the channels that the estimator was fitted to."""
        return self.normalization_.channels

    def _to_config(self) -> dict[str, Any]:
        return {"normalization": self.normalization_.to_dict()}

    def _from_config(self, config: dict[str, Any]) -> LatentODE:
        self.normalization_ = Normalization.from_dict(config["normalization"])
        return self._init_model(jax.random.key(0))

    def _init_model(self, key: Array) -> LatentODE:
        if self.encoder not in ENCODERS:
            raise ValueError(f"encoder must be one of {', '.join(ENCODERS)}; got {self.encoder!r}.")
        read, rest = jax.random.split(key)
        size = len(self.channels_)
        return LatentODE(
            size,
            self.latent_size,
            state_size=self.state_size,
            width=self.width,
            depth=self.depth,
            frequencies=getattr(self, "frequencies_", ()),
            encoder=ENCODERS[self.encoder](size, self.hidden_size, key=read),
            key=rest,
        )

    def _panel(self, X: Any, channels: Sequence[str] | None) -> TimeSeries:
        return as_panel(X, series=self.series, time=self.time, channels=channels)

    def _rows(self) -> int:
        if self.window < 2:
            raise ValueError(f"window must be at least 2 rows; got {self.window}.")
        return self.window

    def _check_panel(self, X: Any) -> TimeSeries:
        """Convert `X` to a panel, and check that it has the channels that the estimator was fitted to."""
        check_is_fitted(self, "model_")
        return check_channels(self._panel(X, self.channels_), self.channels_)

    def _evaluate(
        self, panel: TimeSeries, times: list[Float[np.ndarray, " _"]]
    ) -> list[Float[np.ndarray, "_ channels"]]:
        """Predict the channels of each series at its times, which may be in any order from its first row on."""
        pieces, scale = Pieces.of(panel, times, self._rows()), self.normalization_
        predictions = [np.full((len(own), len(self.channels_)), np.nan) for own in times]
        ys = (pieces.ys - np.array(scale.center)) / np.array(scale.scale)
        ts, query_ts = pieces.ts / scale.time_scale, pieces.wanted / scale.time_scale
        for first in range(0, len(ts), _AT_ONCE):
            some = slice(first, first + _AT_ONCE)
            given = [to_device(array[some], float) for array in (ts, ys, query_ts)]
            values = _predict(self.model_, given[0], given[1], jnp.asarray(pieces.lengths[some]), given[2])
            values = scale.invert(np.asarray(values, np.float64))
            for owner, places, each in zip(pieces.owners[some], pieces.places[some], values, strict=True):
                predictions[owner][places[places >= 0]] = each[places >= 0]
        return predictions


@eqx.filter_jit
def _predict(model: LatentODE, ts: Array, ys: Array, lengths: Array, query_ts: Array) -> Array:
    return jax.vmap(model.predict)(ts, ys, lengths, query_ts)


def broadcast_times(times: Any, count: int) -> list[Float[np.ndarray, " _"]]:
    """The times of each series, from one array shared by all series or an array with one row for each.

    Raises:
        DataError: If times are not finite, or there is not one row for each series.
    """
    array = np.asarray(times, np.float64)
    if array.ndim not in {1, 2} or not array.size or not np.isfinite(array).all():
        raise DataError(
            f"times must be finite, of shape (times,) for all series or (series, times); got shape {array.shape}"
            f"{'' if np.isfinite(array).all() else ' with non-finite values'}."
        )
    if array.ndim == 2 and len(array) != count:
        raise DataError(
            f"times must have one row for each series; got {pluralize(len(array), 'row')} for {count} series."
        )
    return list(np.broadcast_to(array, (count, array.shape[-1])))
