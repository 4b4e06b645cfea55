"""What is predicted for each sample: a class, or numbers."""

from collections.abc import Mapping
from typing import Any, Literal

import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from nde.data import DataError
from nde.estimators.stacking import Classes, Numbers
from nde.estimators.supervised import AbstractSupervisedEstimator


class AbstractClassifier(ClassifierMixin, AbstractSupervisedEstimator):
    """Base class for estimators that predict a class.

    Attributes:
        classes_: The classes, sorted.
    """

    class_weight: Mapping[Any, float] | Literal["balanced"] | None

    def predict(self, X: Any) -> np.ndarray:
        """Predict the most likely class of each sample.

        Args:
            X: Samples, as for `fit`.

        Returns:
            The classes, one for each sample.

        Raises:
            NotFittedError: If the estimator is not fitted.
            DataError: If `X` has other channels or features than the estimator was fitted to.
        """
        probabilities = self.predict_proba(X)
        return self.classes_[np.argmax(probabilities, axis=1)]

    def predict_proba(self, X: Any) -> Float[np.ndarray, "series classes"]:
        """Predict the probability of each class, in the order of `classes_`.

        Args:
            X: As for `predict`.

        Returns:
            The probabilities, of shape `(samples, classes)`.
        """
        return self._mean_outputs(X)

    def _fit_targets(self, targets: Any) -> np.ndarray:
        check_classification_targets(targets)
        labels = column_or_1d(targets, warn=True)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise DataError(
                f"Classification needs at least two classes; got {self._subject.nouns[1]} of one class only, "
                f"{self.classes_.tolist()[0]!r}."
            )
        return codes

    def _encode_targets(self, targets: Any) -> np.ndarray:
        if targets is None:
            raise DataError(f"Validation {self._subject.nouns[1]} must have targets; got none.")
        unknown = sorted(set(np.asarray(targets).tolist()) - set(self.classes_.tolist()), key=str)
        if unknown:
            raise DataError(
                f"Got validation {self._subject.nouns[1]} of class {unknown[0]!r}, which is not among the training "
                f"{self._subject.nouns[1]}."
            )
        return np.searchsorted(self.classes_, targets)

    def _series_weights(self, codes: np.ndarray) -> Float[np.ndarray, " series"]:
        return compute_sample_weight(self.class_weight, self.classes_[codes])

    @property
    def _kind(self) -> Classes:
        return Classes(len(self.classes_))

    def _loss(self, outputs: Float[Array, "series output"], targets: Array) -> Float[Array, " series"]:
        return optax.softmax_cross_entropy_with_integer_labels(outputs, targets)

    def _to_config(self) -> dict[str, Any]:
        return {**super()._to_config(), "classes": self.classes_.tolist(), "type": self.classes_.dtype.str}

    def _from_config(self, config: dict[str, Any]) -> Any:
        self.classes_ = np.array(config["classes"], config["type"])
        return super()._from_config(config)


class AbstractRegressor(RegressorMixin, AbstractSupervisedEstimator):
    """Base class for estimators that predict a number, or several.

    Attributes:
        center_: Mean of each target.
        scale_: Standard deviation of each target.
    """

    def predict(self, X: Any) -> Float[np.ndarray, "series ..."]:
        """Predict the target, or targets, of each sample.

        Args:
            X: Samples, as for `fit`.

        Returns:
            The predictions, of shape `(samples,)` or `(samples, targets)`, in the units of the targets.

        Raises:
            NotFittedError: If the estimator is not fitted.
            DataError: If `X` has other channels or features than the estimator was fitted to.
        """
        values = self._mean_outputs(X) * self.scale_ + self.center_
        return values[:, 0] if self.single_ else values

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _fit_targets(self, targets: Any) -> np.ndarray:
        numbers = self._numbers(targets)
        self.single_ = targets.ndim == 1
        self.center_ = numbers.mean(axis=0)
        deviation = numbers.std(axis=0)
        self.scale_ = np.where(deviation > 0, deviation, 1.0)
        return self._encode_targets(targets)

    def _encode_targets(self, targets: Any) -> np.ndarray:
        if targets is None:
            raise DataError(f"Validation {self._subject.nouns[1]} must have targets; got none.")
        return (self._numbers(targets) - self.center_) / self.scale_

    def _series_weights(self, codes: np.ndarray) -> Float[np.ndarray, " series"]:
        return np.ones(len(codes))

    @property
    def _loss_scale(self) -> float:
        return float(self.scale_[0]) if self.single_ else 1.0

    @property
    def _kind(self) -> Numbers:
        return Numbers(len(self.center_))

    def _loss(self, outputs: Float[Array, "series output"], targets: Array) -> Float[Array, " series"]:
        return jnp.mean((outputs - targets) ** 2, axis=-1)

    def _to_config(self) -> dict[str, Any]:
        return {
            **super()._to_config(),
            "center": self.center_.tolist(),
            "scale": self.scale_.tolist(),
            "single": self.single_,
        }

    def _from_config(self, config: dict[str, Any]) -> Any:
        self.center_, self.scale_ = np.array(config["center"]), np.array(config["scale"])
        self.single_ = config["single"]
        return super()._from_config(config)

    def _numbers(self, targets: Any) -> Float[np.ndarray, "series output"]:
        array = np.asarray(targets)
        try:
            numbers = array.astype(np.float64).reshape(len(array), -1)
        except (TypeError, ValueError):
            other = type(self).__name__.replace("Regressor", "Classifier")
            raise DataError(f"Targets must be numbers; got dtype {array.dtype}. For classes, use {other}.") from None
        if not np.isfinite(numbers).all():
            raise DataError(
                f"Input y contains NaN or infinity (inf); each {self._subject.nouns[0]} must have a finite target."
            )
        return numbers
