"""Base class for estimators that predict a target for each series or row."""

import abc
import dataclasses
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float
from sklearn.utils.validation import check_is_fitted

from nde.data import Batch, DataError, Loader
from nde.data.panel import TimeSeries
from nde.estimators.base import AbstractEstimator
from nde.estimators.folds import Folds
from nde.estimators.held_out import MemberOutputs, left_out_metric, weighted_loss
from nde.estimators.stacking import SERIES, AbstractKind, Labeled, Stack, Subject
from nde.models import DeepEnsemble
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


class AbstractSupervisedEstimator(AbstractEstimator):
    """Base class for estimators that train an ensemble of models, each of which maps a sample to a vector.

    A sample is a series, or a row of a table, which is a series with a single row. See `NeuralCDEClassifier` and
    `ImplicitClassifier` for the parameters.
    """

    model: str
    n_estimators: int
    max_iter: int | None
    batch_size: int
    learning_rate: float
    weight_decay: float
    plain_methods: bool
    random_state: Any
    checkpoint_dir: str | Path | None
    progress: bool | Progress | None
    preparation_: Any
    _subject: Subject = SERIES
    """What a sample is."""

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

    @abc.abstractmethod
    def _panel(self, X: Any) -> TimeSeries:
        """Samples that are fitted to."""

    @abc.abstractmethod
    def _known_panel(self, X: Any) -> TimeSeries:
        """Other samples, of the channels that the estimator was fitted to."""

    @abc.abstractmethod
    def _fit_preparation(self, panel: TimeSeries) -> None:
        """Learn the preprocessing of samples, and choose the sizes of the model."""

    @abc.abstractmethod
    def _features(self, panel: TimeSeries) -> Float[np.ndarray, "series features"]:
        """Samples as plain methods see them."""

    @staticmethod
    @abc.abstractmethod
    def _member_outputs(model: DeepEnsemble, batch: Batch, key: Any, /) -> Float[Array, "members series output"]:
        """The output of each member for each sample of a batch; without a key, nothing is random."""

    def _fit(self, X: Any, y: Any, validation: Any, sample_weight: Any) -> Any:
        """Train the ensemble, and mix it with plain methods."""
        panel = self._panel(X)
        targets = panel.targets if y is None else y
        if targets is None:
            raise DataError(
                f"{type(self).__name__} requires y to be passed, but the target y is None. Pass targets as y, put them "
                "in the panel, or name their column with target=."
            )
        codes = self._fit_targets(self._check_targets(targets, len(panel)))
        self._fit_preparation(panel)
        weights = self._series_weights(codes) * self._check_weights(sample_weight, len(panel))
        train = self._prepare(panel, codes, weights / weights.mean())
        held = None if validation is None else self._prepare_validation(validation)
        if held is None and len(panel) < 2:
            raise DataError(
                f"{type(self).__name__} got one sample, one {self._subject.nouns[0]}; it needs at least 2, since each "
                "part of the ensemble leaves some out. Pass more, or validation=."
            )
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
            metric = left_out_metric(self._member_outputs, self._loss, folds, weights)
        self._train(
            weighted_loss(self._member_outputs, self._loss, folds, weights),
            loader,
            seed=seed,
            steps=max(_LEAST_STEPS, _LEAST_EPOCHS * len(loader)) if self.max_iter is None else self.max_iter,
            weight_decay=self.weight_decay,
            validation=Loader(validated.prepared, _PREDICTED_AT_ONCE, buckets=_BUCKETS, shuffle=False),
            metric=metric or weighted_loss(self._member_outputs, self._loss, None, validated.labeled.weights),
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
    def shares_(self) -> dict[str, float]:
        """The share of each method in the prediction."""
        return self.stack_.weights

    @property
    def held_out_losses_(self) -> dict[str, float]:
        """The log loss, or RMSE in standard deviations of the target, of each method on series not fitted to."""
        return self.stack_.losses

    @property
    def notes_(self) -> list[str]:
        """What was found and chosen, in sentences: which method is the best, and what the network does."""
        best = [self.stack_.verdict(self._kind, self._subject, self._loss_scale)] if self.stack_.losses else []
        return [*best, *self._network_notes()]

    def _network_notes(self) -> list[str]:
        """What is to say about the network, in sentences."""
        return []

    @property
    def _loss_scale(self) -> float:
        """By what to multiply a loss to have it in the units of the targets."""
        return 1.0

    def _to_config(self) -> dict[str, Any]:
        return {"preparation": self.preparation_.to_dict(), "stack": self.stack_.to_dict()}

    def _from_config(self, config: dict[str, Any]) -> Any:
        # Older folders hold a network alone.
        self.stack_ = Stack.from_dict(config["stack"]) if "stack" in config else Stack.alone(self.model)
        return self._init_model(jax.random.key(0))

    def _prepare(self, panel: TimeSeries, codes: np.ndarray, weights: Float[np.ndarray, " series"]) -> _Series:
        prepared = dataclasses.replace(self.preparation_.apply(panel), targets=codes)
        return _Series(prepared, Labeled(self._features(panel), codes, weights))

    def _prepare_validation(self, validation: Any) -> _Series:
        panel = self._known_panel(validation)
        codes = self._encode_targets(panel.targets)
        return self._prepare(panel, codes, self._series_weights(codes))

    def _mean_outputs(self, X: Any) -> Float[np.ndarray, "series output"]:
        """The predictions for each series: probabilities, or standardized numbers."""
        check_is_fitted(self, "model_")
        panel = dataclasses.replace(self._known_panel(X), targets=None)
        network, prepared = None, self.preparation_.apply(panel)
        if self.stack_.network_share > 0:
            network = self._kind.network(self._outputs(prepared), self.stack_.heat)
        return self.stack_.predict(network, self._features(panel) if self.stack_.predictors else None)

    def _outputs(self, prepared: TimeSeries) -> Float[np.ndarray, "members series output"]:
        """The output of each member for each series."""
        result = np.zeros((self.n_estimators, len(prepared), self._kind.size))
        for batch in Loader(prepared, _PREDICTED_AT_ONCE, buckets=_BUCKETS, shuffle=False).epoch():
            own = np.asarray(batch.weights) > 0
            result[:, np.asarray(batch.index)[own]] = np.asarray(_outputs(self._member_outputs, self.model_, batch))[
                :, own
            ]
        return result

    def _check_targets(self, targets: Any, count: int) -> np.ndarray:
        array, (one, every) = np.asarray(targets), self._subject.nouns
        if array.ndim == 0 or len(array) != count:
            raise DataError(f"Got y of shape {array.shape} for {count} {every}; expected one target for each {one}.")
        return array

    def _check_weights(self, weights: Any, count: int) -> Float[np.ndarray, " series"]:
        """Check weights of samples, which are one by default."""
        if weights is None:
            return np.ones(count)
        array, (one, every) = np.asarray(weights, np.float64), self._subject.nouns
        if array.shape != (count,):
            raise DataError(
                f"Got sample_weight of shape {array.shape} for {count} {every}; expected one for each {one}."
            )
        if not (np.isfinite(array).all() and (array >= 0).all() and array.any()):
            raise DataError("sample_weight must be finite and not negative, and not all weights may be zero.")
        return array


@eqx.filter_jit
def _outputs(of: MemberOutputs, model: DeepEnsemble, batch: Batch) -> Float[Array, "members series output"]:
    return of(model, batch, None)
