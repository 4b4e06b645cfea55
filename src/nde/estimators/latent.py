"""What estimators of the latent course of series have in common."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from sklearn.utils.validation import check_is_fitted

from nde.core.moved import moved
from nde.data import DataError, Normalization, as_panel, pad
from nde.data.panel import TimeSeries
from nde.data.panel.windows import windows
from nde.estimators.base import AbstractSeriesEstimator
from nde.estimators.pieces import Pieces
from nde.models import LatentODE
from nde.models.latent.training import Cuts, cut_loss
from nde.models.registry import ENCODERS
from nde.train.progress import Progress

_AT_ONCE = 256
_OVERLAP = 4
"""Windows to learn from begin a quarter of a window apart."""


class AbstractLatentEstimator(AbstractSeriesEstimator):
    """A `nde.models.LatentODE` of all series, or windows of them.

    Its parameters are those of the classes made of it, see `NeuralODEForecaster`.
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
        steps: int = 600,
        batch_size: int = 64,
        learning_rate: float = 1e-2,
        series: str | None = None,
        time: str | None = None,
        channels: Sequence[str] | None = None,
        random_state: Any = None,
        run: str | Path | None = None,
        progress: bool | Progress | None = None,
    ) -> None:
        self.encoder = encoder
        self.latent_size = latent_size
        self.hidden_size = hidden_size
        self.state_size = state_size
        self.width = width
        self.depth = depth
        self.window = window
        self.steps = steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.series = series
        self.time = time
        self.channels = channels
        self.random_state = random_state
        self.run = run
        self.progress = progress

    def fit(self, X: Any, y: Any = None) -> Any:
        """Trains the model.

        Args:
            X: A panel, a long data frame, or an array `(series, time, channels)`; see `nde.estimators.as_panel`.
            y: Not used.

        Returns:
            The estimator.

        Raises:
            DataError: If the data are not as wanted.
        """
        del y
        rows = self._rows()
        pieces = windows(self._panel(X, self.channels), rows, max(1, rows // _OVERLAP))
        self.normalization_ = Normalization.fit(pieces, times=True)
        seed = self._seed()
        data = Cuts(pad(self.normalization_.apply(pieces)), self.batch_size, steps=self.steps, seed=seed)
        self._train(cut_loss, data, seed=seed, steps=self.steps)
        return self

    @property
    def channels_(self) -> tuple[str, ...]:
        """Those that were fitted."""
        return self.normalization_.channels

    def _told(self) -> dict[str, Any]:
        return {"normalization": self.normalization_.to_dict()}

    def _restored(self, told: dict[str, Any]) -> LatentODE:
        self.normalization_ = Normalization.from_dict(told["normalization"])
        return self._blank(jax.random.key(0))

    def _blank(self, key: Array) -> LatentODE:
        if self.encoder not in ENCODERS:
            raise ValueError(f"Got encoder={self.encoder!r}; one of {', '.join(ENCODERS)} is wanted.")
        read, rest = jax.random.split(key)
        size = len(self.channels_)
        return LatentODE(
            size,
            self.latent_size,
            state_size=self.state_size,
            width=self.width,
            depth=self.depth,
            encoder=ENCODERS[self.encoder](size, self.hidden_size, key=read),
            key=rest,
        )

    def _panel(self, X: Any, channels: Sequence[str] | None) -> TimeSeries:
        return as_panel(X, series=self.series, time=self.time, channels=channels)

    def _rows(self) -> int:
        if self.window < 2:
            raise ValueError(f"Got window={self.window}; at least 2 rows are wanted.")
        return self.window

    def _known(self, X: Any) -> TimeSeries:
        """A panel of the channels that were fitted."""
        check_is_fitted(self, "model_")
        panel = self._panel(X, self.channels_)
        if panel.channels != self.channels_:
            raise DataError(
                f"Got a panel with the channels {', '.join(panel.channels)}; the model was fitted to "
                f"{', '.join(self.channels_)}."
            )
        return panel

    def _at(self, panel: TimeSeries, wanted: list[Float[np.ndarray, " _"]]) -> list[Float[np.ndarray, "_ channels"]]:
        """The channels of each series at times, none before its first row, in any order."""
        pieces, scale = Pieces.of(panel, wanted, self._rows()), self.normalization_
        found = [np.full((len(times), len(self.channels_)), np.nan) for times in wanted]
        ys = (pieces.ys - np.array(scale.center)) / np.array(scale.scale)
        ts, times = pieces.ts / scale.time_scale, pieces.wanted / scale.time_scale
        for first in range(0, len(ts), _AT_ONCE):
            some = slice(first, first + _AT_ONCE)
            given = [moved(array[some], float) for array in (ts, ys, times)]
            values = _predicted(self.model_, given[0], given[1], jnp.asarray(pieces.lengths[some]), given[2])
            known = scale.invert(np.asarray(values, np.float64))
            for owner, places, each in zip(pieces.owners[some], pieces.places[some], known, strict=True):
                found[owner][places[places >= 0]] = each[places >= 0]
        return found


@eqx.filter_jit
def _predicted(model: LatentODE, ts: Array, ys: Array, lengths: Array, wanted: Array) -> Array:
    return jax.vmap(model.predict)(ts, ys, lengths, wanted)


def times_of_each(times: Any, count: int) -> list[Float[np.ndarray, " _"]]:
    """The times of each series, of an array shared by all or one with a row for each.

    Raises:
        DataError: If they are no finite numbers, or there is not a row for each series.
    """
    array = np.asarray(times, np.float64)
    if array.ndim not in {1, 2} or not array.size or not np.isfinite(array).all():
        raise DataError(
            f"Got times of the shape {array.shape}, or some that are not finite; finite times are wanted, of the "
            "shape (times,) for all series or (series, times)."
        )
    if array.ndim == 2 and len(array) != count:
        raise DataError(f"Got times for {len(array)} series, and {count} series; a row for each is wanted.")
    return list(np.broadcast_to(array, (count, array.shape[-1])))
