"""Base class for estimators that predict a target for each series."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float

from nde.data import Batch, as_panel
from nde.data.panel import TimeSeries
from nde.estimators.architecture import Architecture
from nde.estimators.base import AbstractSeriesEstimator
from nde.estimators.preparation import Preparation
from nde.estimators.summary import summary_features
from nde.estimators.supervised import AbstractSupervisedEstimator
from nde.models import DeepEnsemble
from nde.models.registry import SERIES_MODELS
from nde.train.progress import Progress


class AbstractSeriesSupervisedEstimator(AbstractSupervisedEstimator, AbstractSeriesEstimator):
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
        plain_methods: bool = True,
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
        self.plain_methods = plain_methods
        self.series = series
        self.time = time
        self.channels = channels
        self.static = static
        self.target = target
        self.random_state = random_state
        self.checkpoint_dir = checkpoint_dir
        self.progress = progress

    def fit(self, X: Any, y: Any = None, *, validation: Any = None, sample_weight: Any = None) -> Any:
        """Train the ensemble, and mix it with plain methods.

        Args:
            X: A panel, a long data frame, or an array of shape `(series, time, channels)`; see
                `nde.estimators.as_panel`.
            y: Targets, one for each series; by default those in `X`.
            validation: Series with targets for validation, in the same form as `X`. By default, each member of the
                ensemble leaves out another part of the training series, and is validated on it.
            sample_weight: How much each series counts; by default all the same.

        Returns:
            The fitted estimator.

        Raises:
            DataError: If `X` is not a valid panel, or targets or weights are missing or invalid.
        """
        return self._fit(X, y, validation, sample_weight)

    @property
    def channels_(self) -> tuple[str, ...]:
        """Names of the channels that the estimator was fitted to."""
        return self.preparation_.channels

    def _panel(self, X: Any) -> TimeSeries:
        return self._as_panel(X, self.channels)

    def _known_panel(self, X: Any) -> TimeSeries:
        return self._as_panel(X, self.channels_)

    def _as_panel(self, X: Any, channels: Sequence[str] | None) -> TimeSeries:
        return as_panel(
            X, series=self.series, time=self.time, channels=channels, static=self.static, target=self.target
        )

    def _fit_preparation(self, panel: TimeSeries) -> None:
        self.preparation_ = Preparation.fit(panel)
        self.architecture_ = Architecture.choose(
            self.model, int(panel.lengths.max()), len(self.preparation_.normalization.channels)
        )

    def _features(self, panel: TimeSeries) -> Float[np.ndarray, "series features"]:
        return summary_features(self.preparation_.reorder(panel))

    def _network_notes(self) -> list[str]:
        return self.architecture_.notes(self.model)

    def _init_model(self, key: Array) -> DeepEnsemble:
        normalization, architecture = self.preparation_.normalization, self.architecture_

        def make(key: Array) -> Any:
            return SERIES_MODELS[architecture.model].make(
                {"width": self.width, "depth": self.depth, **architecture.sizes},
                input_size=len(normalization.channels),
                hidden_size=self.hidden_size,
                output_size=self._kind.size,
                static_size=len(normalization.static_center),
                key=key,
            )

        return DeepEnsemble(make, self.n_estimators, key=key)

    @staticmethod
    def _member_outputs(model: DeepEnsemble, batch: Batch, key: Any, /) -> Float[Array, "members series output"]:
        del key
        return model.each(lambda each: jax.vmap(each)(batch.ts, batch.ys, batch.lengths, batch.static))

    def _to_config(self) -> dict[str, Any]:
        return {**super()._to_config(), "architecture": dataclasses.asdict(self.architecture_)}

    def _from_config(self, config: dict[str, Any]) -> Any:
        self.preparation_ = Preparation.from_dict(config["preparation"])
        # Older folders hold a network that reads all rows and channels.
        self.architecture_ = Architecture(**config.get("architecture", {"model": self.model}))
        return super()._from_config(config)
