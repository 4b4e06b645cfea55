"""Base class for estimators that predict a target for each series."""

import abc
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from sklearn.utils.validation import check_is_fitted

from nde.data import Batch, DataError, Loader, Normalization, as_panel
from nde.data.panel import TimeSeries
from nde.estimators.base import AbstractSeriesEstimator
from nde.estimators.preparation import Preparation
from nde.models import DeepEnsemble
from nde.models.registry import SERIES_MODELS
from nde.train.progress import Progress

_LEAST_STEPS, _LEAST_EPOCHS = 600, 10
_PREDICTED_AT_ONCE, _BUCKETS = 256, 2


class AbstractSupervisedEstimator(AbstractSeriesEstimator):
    """Base class for estimators that train an ensemble of models, each of which maps a series to a vector.

    See `NeuralCDEClassifier` for the parameters.
    """

    def __init__(
        self,
        *,
        model: str = "neural-cde",
        hidden_size: int = 32,
        width: int = 64,
        depth: int = 1,
        n_estimators: int = 5,
        max_iter: int | None = None,
        batch_size: int = 32,
        learning_rate: float = 3e-3,
        weight_decay: float = 0.0,
        series: str | None = None,
        time: str | None = None,
        channels: Sequence[str] | None = None,
        static: Sequence[str] = (),
        target: str | None = None,
        random_state: Any = None,
        checkpoint_dir: str | Path | None = None,
        progress: bool | Progress | None = None,
    ) -> None:
        self.model = model
        self.hidden_size = hidden_size
        self.width = width
        self.depth = depth
        self.n_estimators = n_estimators
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.series = series
        self.time = time
        self.channels = channels
        self.static = static
        self.target = target
        self.random_state = random_state
        self.checkpoint_dir = checkpoint_dir
        self.progress = progress

    @abc.abstractmethod
    def _fit_targets(self, targets: Any) -> np.ndarray:
        """Encode the training targets for the model, and store how to decode them."""

    @abc.abstractmethod
    def _loss(self, outputs: Float[Array, "series output"], targets: Array) -> Float[Array, " series"]:
        """Loss of each series."""

    @property
    @abc.abstractmethod
    def _output_size(self) -> int:
        """Length of the model's output for a series."""

    def fit(self, X: Any, y: Any = None, *, validation: Any = None) -> Any:
        """Train the ensemble.

        Args:
            X: A panel, a long data frame, or an array of shape `(series, time, channels)`; see
                `nde.estimators.as_panel`.
            y: Targets, one for each series; by default those in `X`.
            validation: Series with targets for validation, in the same form as `X`; the weights with the lowest
                validation loss are kept.

        Returns:
            The fitted estimator.

        Raises:
            DataError: If `X` is not a valid panel, or targets are missing or invalid.
        """
        panel = self._panel(X, self.channels)
        targets = panel.targets if y is None else y
        if targets is None:
            raise DataError(
                f"{type(self).__name__} requires y to be passed, but the target y is None. Pass targets as y, put them "
                "in the panel, or name their column with target=."
            )
        codes = self._fit_targets(_check_targets(targets, len(panel)))
        self.preparation_ = Preparation.fit(panel)
        train = dataclasses.replace(self.preparation_.apply(panel), targets=codes)
        seed = self._seed()
        loader = Loader(train, self.batch_size, seed=seed, buckets=_BUCKETS)
        self._train(
            self._mean_loss,
            loader,
            seed=seed,
            steps=max(_LEAST_STEPS, _LEAST_EPOCHS * len(loader)) if self.max_iter is None else self.max_iter,
            weight_decay=self.weight_decay,
            validation=None if validation is None else self._validation_loader(validation),
        )
        return self

    @property
    def channels_(self) -> tuple[str, ...]:
        """Names of the channels that the estimator was fitted to."""
        return self.preparation_.channels

    def _to_config(self) -> dict[str, Any]:
        return {"preparation": self.preparation_.to_dict()}

    def _from_config(self, config: dict[str, Any]) -> Any:
        self.preparation_ = Preparation.from_dict(config["preparation"])
        return self._init_model(jax.random.key(0))

    def _init_model(self, key: Array) -> DeepEnsemble:
        if self.model not in SERIES_MODELS:
            raise DataError(f"There is no model '{self.model}'; there are {', '.join(SERIES_MODELS)}.")
        normalization: Normalization = self.preparation_.normalization

        def make(key: Array) -> Any:
            return SERIES_MODELS[self.model].make(
                {"width": self.width, "depth": self.depth},
                input_size=len(normalization.channels),
                hidden_size=self.hidden_size,
                output_size=self._output_size,
                static_size=len(normalization.static_center),
                key=key,
            )

        return DeepEnsemble(make, self.n_estimators, key=key)

    def _panel(self, X: Any, channels: Sequence[str] | None) -> TimeSeries:
        return as_panel(
            X, series=self.series, time=self.time, channels=channels, static=self.static, target=self.target
        )

    def _mean_loss(self, model: DeepEnsemble, batch: Batch, key: Any) -> Array:
        del key
        targets = jnp.asarray(batch.targets)
        losses = jax.vmap(lambda outputs: self._loss(outputs, targets))(_outputs(model, batch)).mean(axis=0)
        return (losses * batch.weights).sum() / batch.weights.sum()

    def _validation_loader(self, validation: Any) -> Loader:
        panel = self._panel(validation, self.channels_)
        codes = self._encode_targets(panel.targets)
        prepared = dataclasses.replace(self.preparation_.apply(panel), targets=codes)
        return Loader(prepared, _PREDICTED_AT_ONCE, buckets=_BUCKETS, shuffle=False)

    @abc.abstractmethod
    def _encode_targets(self, targets: Any) -> np.ndarray:
        """Encode the targets of other series in the same way."""

    def _outputs(self, X: Any) -> Float[np.ndarray, "members series output"]:
        """The output of each model for each series."""
        check_is_fitted(self, "model_")
        panel = self.preparation_.apply(self._panel(X, self.channels_))
        panel = dataclasses.replace(panel, targets=None)
        result = np.zeros((self.n_estimators, len(panel), self._output_size))
        for batch in Loader(panel, _PREDICTED_AT_ONCE, buckets=_BUCKETS, shuffle=False).epoch():
            own = np.asarray(batch.weights) > 0
            result[:, np.asarray(batch.index)[own]] = np.asarray(_outputs_compiled(self.model_, batch))[:, own]
        return result


def _outputs(model: DeepEnsemble, batch: Batch) -> Float[Array, "members series output"]:
    return model.each(lambda each: jax.vmap(each)(batch.ts, batch.ys, batch.lengths, batch.static))


_outputs_compiled = eqx.filter_jit(_outputs)


def _check_targets(targets: Any, count: int) -> np.ndarray:
    array = np.asarray(targets)
    if array.ndim == 0 or len(array) != count:
        raise DataError(f"Got y of shape {array.shape} for {count} series; expected one target for each series.")
    return array
