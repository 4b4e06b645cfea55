"""Base class for estimators that predict a target for each series."""

import abc
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float
from sklearn.utils.validation import check_is_fitted

from nde.data import DataError, Loader, as_panel
from nde.data.panel import TimeSeries
from nde.estimators.architecture import Architecture
from nde.estimators.base import AbstractSeriesEstimator
from nde.estimators.folds import Folds
from nde.estimators.held_out import left_out_metric, member_outputs, weighted_loss
from nde.estimators.preparation import Preparation
from nde.estimators.stacking import AbstractKind, Labeled, Stack
from nde.estimators.summary import summary_features
from nde.models import DeepEnsemble
from nde.models.registry import SERIES_MODELS
from nde.train.progress import Progress

_LEAST_STEPS, _LEAST_EPOCHS = 600, 10
_PATIENCE = 15
"""Validations without an improvement after which training ends; there are about a hundred."""
_PREDICTED_AT_ONCE, _BUCKETS = 256, 2


@dataclasses.dataclass(frozen=True, eq=False)
class _Series:
    """Series with encoded targets, as the network and as plain methods see them."""

    prepared: TimeSeries
    labeled: Labeled


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

    @abc.abstractmethod
    def _fit_targets(self, targets: Any) -> np.ndarray:
        """Encode the training targets for the model, and store how to decode them."""

    @abc.abstractmethod
    def _encode_targets(self, targets: Any) -> np.ndarray:
        """Encode the targets of other series in the same way."""

    @abc.abstractmethod
    def _loss(self, outputs: Float[Array, "series output"], targets: Array) -> Float[Array, " series"]:
        """Loss of each series."""

    @abc.abstractmethod
    def _series_weights(self, codes: np.ndarray) -> Float[np.ndarray, " series"]:
        """How much each series counts for its target."""

    @property
    @abc.abstractmethod
    def _kind(self) -> AbstractKind:
        """What is predicted."""

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
        panel = self._panel(X, self.channels)
        targets = panel.targets if y is None else y
        if targets is None:
            raise DataError(
                f"{type(self).__name__} requires y to be passed, but the target y is None. Pass targets as y, put them "
                "in the panel, or name their column with target=."
            )
        codes = self._fit_targets(_check_targets(targets, len(panel)))
        self.preparation_ = Preparation.fit(panel)
        self.architecture_ = Architecture.choose(
            self.model, int(panel.lengths.max()), len(self.preparation_.normalization.channels)
        )
        weights = self._series_weights(codes) * _check_weights(sample_weight, len(panel))
        train = self._prepare(panel, codes, weights / weights.mean())
        held = None if validation is None else self._prepare_validation(validation)
        seed = self._seed()
        folds = Folds.none(len(panel), self.n_estimators)
        if held is None:
            folds = Folds.stratified(codes, self.n_estimators, seed)
        self._train_members(train, held, folds, seed)
        self.stack_ = self._fit_stack(train, held, folds, seed)
        return self

    def _train_members(self, train: _Series, held: _Series | None, folds: Folds, seed: int) -> None:
        loader = Loader(train.prepared, self.batch_size, seed=seed, buckets=_BUCKETS)
        weights = train.labeled.weights
        validated, metric = train if held is None else held, None
        if held is None:
            metric = left_out_metric(self._loss, folds, weights)
        self._train(
            weighted_loss(self._loss, folds, weights),
            loader,
            seed=seed,
            steps=max(_LEAST_STEPS, _LEAST_EPOCHS * len(loader)) if self.max_iter is None else self.max_iter,
            weight_decay=self.weight_decay,
            validation=Loader(validated.prepared, _PREDICTED_AT_ONCE, buckets=_BUCKETS, shuffle=False),
            metric=metric or weighted_loss(self._loss, None, validated.labeled.weights),
            patience=_PATIENCE,
        )

    def _fit_stack(self, train: _Series, held: _Series | None, folds: Folds, seed: int) -> Stack:
        """Mix the ensemble and plain methods as they predict series that they were not fitted to."""
        if not self.plain_methods:
            return Stack.alone(self.model)
        own = np.arange(len(train.prepared))
        if held is None:
            splits = folds.repeated_splits(train.labeled.targets, seed)
            places = np.concatenate([test for _, test in splits])
            outputs = self._outputs(train.prepared)[folds.of_series[places], places][None]
            return Stack.fit(self._kind, self.model, outputs, train.labeled, splits, own, seed)
        both = train.labeled.with_others(held.labeled)
        splits = [(own, np.arange(len(own), len(both.targets)))]
        return Stack.fit(self._kind, self.model, self._outputs(held.prepared), both, splits, own, seed)

    @property
    def channels_(self) -> tuple[str, ...]:
        """Names of the channels that the estimator was fitted to."""
        return self.preparation_.channels

    @property
    def shares_(self) -> dict[str, float]:
        """The share of each method in the prediction."""
        return self.stack_.weights

    @property
    def held_out_losses_(self) -> dict[str, float]:
        """The log loss, or RMSE in standard deviations of the target, of each method on series not fitted to."""
        return self.stack_.losses

    @property
    def notes_(self) -> list[str]:
        """What was found and chosen, in sentences: which method is the best, and what the network reads."""
        notes = self.architecture_.notes(self.model)
        return [self.stack_.verdict(self._kind, self._loss_scale), *notes] if self.stack_.losses else notes

    @property
    def _loss_scale(self) -> float:
        """By what to multiply a loss to have it in the units of the targets."""
        return 1.0

    def _to_config(self) -> dict[str, Any]:
        return {
            "preparation": self.preparation_.to_dict(),
            "architecture": dataclasses.asdict(self.architecture_),
            "stack": self.stack_.to_dict(),
        }

    def _from_config(self, config: dict[str, Any]) -> Any:
        self.preparation_ = Preparation.from_dict(config["preparation"])
        # Older folders hold a network alone, which reads all rows and channels.
        self.architecture_ = Architecture(**config.get("architecture", {"model": self.model}))
        self.stack_ = Stack.from_dict(config["stack"]) if "stack" in config else Stack.alone(self.model)
        return self._init_model(jax.random.key(0))

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

    def _panel(self, X: Any, channels: Sequence[str] | None) -> TimeSeries:
        return as_panel(
            X, series=self.series, time=self.time, channels=channels, static=self.static, target=self.target
        )

    def _prepare(self, panel: TimeSeries, codes: np.ndarray, weights: Float[np.ndarray, " series"]) -> _Series:
        prepared = dataclasses.replace(self.preparation_.apply(panel), targets=codes)
        return _Series(prepared, Labeled(self._features(panel), codes, weights))

    def _prepare_validation(self, validation: Any) -> _Series:
        panel = self._panel(validation, self.channels_)
        codes = self._encode_targets(panel.targets)
        return self._prepare(panel, codes, self._series_weights(codes))

    def _features(self, panel: TimeSeries) -> Float[np.ndarray, "series features"]:
        return summary_features(self.preparation_.reorder(panel))

    def _mean_outputs(self, X: Any) -> Float[np.ndarray, "series output"]:
        """The predictions for each series: probabilities, or standardized numbers."""
        check_is_fitted(self, "model_")
        panel = dataclasses.replace(self._panel(X, self.channels_), targets=None)
        network, prepared = None, self.preparation_.apply(panel)
        if self.stack_.network_share > 0:
            network = self._kind.network(self._outputs(prepared), self.stack_.heat)
        return self.stack_.predict(network, self._features(panel) if self.stack_.predictors else None)

    def _outputs(self, prepared: TimeSeries) -> Float[np.ndarray, "members series output"]:
        """The output of each member for each series."""
        result = np.zeros((self.n_estimators, len(prepared), self._kind.size))
        for batch in Loader(prepared, _PREDICTED_AT_ONCE, buckets=_BUCKETS, shuffle=False).epoch():
            own = np.asarray(batch.weights) > 0
            result[:, np.asarray(batch.index)[own]] = np.asarray(_member_outputs(self.model_, batch))[:, own]
        return result


_member_outputs = eqx.filter_jit(member_outputs)


def _check_targets(targets: Any, count: int) -> np.ndarray:
    array = np.asarray(targets)
    if array.ndim == 0 or len(array) != count:
        raise DataError(f"Got y of shape {array.shape} for {count} series; expected one target for each series.")
    return array


def _check_weights(weights: Any, count: int) -> Float[np.ndarray, " series"]:
    """Check weights of series, which are one by default."""
    if weights is None:
        return np.ones(count)
    array = np.asarray(weights, np.float64)
    if array.shape != (count,):
        raise DataError(f"Got sample_weight of shape {array.shape} for {count} series; expected one for each series.")
    if not (np.isfinite(array).all() and (array >= 0).all() and array.any()):
        raise DataError("sample_weight must be finite and not negative, with at least one positive weight.")
    return array
