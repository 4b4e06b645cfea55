"""Classification and regression of series with neural controlled differential equations."""

from collections.abc import Mapping, Sequence
from pathlib import Path
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
from nde.train.progress import Progress


class NeuralCDEClassifier(ClassifierMixin, AbstractSupervisedEstimator):
    """Classifier for irregular time series with missing values and varying lengths.

    It is an ensemble of neural controlled differential equations, mixed with plain methods on summary features. Series
    are normalized, and time, the running integrals of time and of the channels, and the observation count of each
    channel with missing values are added as channels. Each member of the ensemble leaves out another part of the
    series, stratified by class, and training stops when the log loss on the parts left out no longer falls. On these
    parts the temperature of the probabilities is chosen as well, and the shares of the ensemble, of a logistic
    regression, of a random forest and of the class frequencies in the prediction; that of the ensemble may be zero.
    `notes_` says in a sentence which method is the best. The defaults are meant to work for most data.

    If series have more than 1,000 rows, the neural CDE is a neural RDE, which reads windows of rows; if there are many
    channels, it reads linear combinations of them, which it learns.

    Args:
        model: The model of each member of the ensemble: `"neural-cde"`; `"neural-rde"`, for long series; or, for
            comparison, `"gru-dt"`, `"gru-d"` or `"ode-rnn"`.
        hidden_size: Size of the hidden state of each model.
        width: Width of the hidden layers of the vector field, if the model has one.
        depth: Number of hidden layers of the vector field.
        n_estimators: Number of models in the ensemble.
        max_iter: Number of training steps; by default 600, or ten epochs if that is more.
        batch_size: Number of series in a batch.
        learning_rate: Peak learning rate; it decays to zero along a cosine.
        weight_decay: Weight decay, as a multiple of the learning rate.
        plain_methods: Whether to mix the ensemble with plain methods; otherwise it predicts alone.
        series: For data frames, the column that identifies series.
        time: For data frames, the column of times.
        channels: For data frames, the columns of measurements; by default all remaining columns.
        static: For data frames, the columns of static features.
        target: For data frames, the column of classes.
        random_state: Seed for weights and batches; pass an integer for reproducible fits.
        checkpoint_dir: Folder for checkpoints and a log. If it holds a checkpoint of this fit, training resumes.
        progress: Whether to show a progress bar; by default only on a terminal. Or a function that is called after each
            step with the number of steps done, their total, and the loss.
        class_weight: The weight of each class: a dictionary; or `"balanced"`, so that all classes count the same; by
            default, series count the same.

    Attributes:
        classes_: The classes, sorted.
        notes_: What was found and chosen, in sentences.
        shares_: The share of each method in the prediction.
        held_out_losses_: The log loss of each method on series that it was not fitted to.
        model_: The fitted ensemble, a `nde.models.DeepEnsemble`.
        history_: The training history, a `nde.train.History`.
        n_iter_: Number of training steps made.
        preparation_: The preprocessing of series.

    Source: Kidger, Morrill, Foster and Lyons, *Neural controlled differential equations for irregular time series*
    (2020), doi:10.48550/arXiv.2005.08926; for the temperature, Guo, Pleiss, Sun and Weinberger, *On calibration of
    modern neural networks* (2017), doi:10.48550/arXiv.1706.04599.

    Example:
        ```python
        import numpy as np
        from nde.estimators import NeuralCDEClassifier

        y = np.arange(40) % 2
        waves = np.sin((1 + y)[:, None] * np.linspace(0.0, 6.0, 20)) + np.random.default_rng(0).normal(0, 0.1, (40, 20))
        classifier = NeuralCDEClassifier(max_iter=50, random_state=0).fit(waves[:30], y[:30])
        print(classifier.score(waves[30:], y[30:]), classifier.notes_[0])
        ```
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
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
    ) -> None:
        super().__init__(
            model=model,
            hidden_size=hidden_size,
            width=width,
            depth=depth,
            n_estimators=n_estimators,
            max_iter=max_iter,
            batch_size=batch_size,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            plain_methods=plain_methods,
            series=series,
            time=time,
            channels=channels,
            static=static,
            target=target,
            random_state=random_state,
            checkpoint_dir=checkpoint_dir,
            progress=progress,
        )
        self.class_weight = class_weight

    def predict(self, X: Any) -> np.ndarray:
        """Predict the most likely class of each series.

        Args:
            X: A panel, a long data frame, or an array of shape `(series, time, channels)`.

        Returns:
            The classes, of shape `(series,)`.

        Raises:
            NotFittedError: If the estimator is not fitted.
            DataError: If `X` has other channels or static features than the estimator was fitted to.
        """
        probabilities = self.predict_proba(X)
        return self.classes_[np.argmax(probabilities, axis=1)]

    def predict_proba(self, X: Any) -> Float[np.ndarray, "series classes"]:
        """Predict the probability of each class, in the order of `classes_`.

        Args:
            X: As for `predict`.

        Returns:
            The probabilities, of shape `(series, classes)`.
        """
        return self._mean_outputs(X)

    def _fit_targets(self, targets: Any) -> np.ndarray:
        check_classification_targets(targets)
        labels = column_or_1d(targets, warn=True)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise DataError(
                f"Classification needs at least two classes; got series of one class only, {self.classes_[0]!r}."
            )
        return codes

    def _encode_targets(self, targets: Any) -> np.ndarray:
        if targets is None:
            raise DataError("Validation series must have targets; got none.")
        unknown = sorted(set(np.asarray(targets).tolist()) - set(self.classes_.tolist()), key=str)
        if unknown:
            raise DataError(f"Got validation series of class {unknown[0]!r}, which is not among the training series.")
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


class NeuralCDERegressor(RegressorMixin, AbstractSupervisedEstimator):
    """Regressor for irregular time series with missing values and varying lengths, with one or several targets.

    Targets are standardized, and predictions are averaged over the ensemble and mixed with the mean, a ridge regression
    and a random forest by their squared errors. Otherwise like `NeuralCDEClassifier`.

    Args:
        parameters: As for `NeuralCDEClassifier`, without `class_weight`.

    Attributes:
        center_: Mean of each target.
        scale_: Standard deviation of each target.
        notes_: What was found and chosen, in sentences.
        shares_: The share of each method in the prediction.
        held_out_losses_: The RMSE of each method, in standard deviations, on series that it was not fitted to.
        model_: The fitted ensemble, a `nde.models.DeepEnsemble`.
        history_: The training history, a `nde.train.History`.
        n_iter_: Number of training steps made.
        preparation_: The preprocessing of series.

    Source: Kidger, Morrill, Foster and Lyons, *Neural controlled differential equations for irregular time series*
    (2020), doi:10.48550/arXiv.2005.08926.

    Example:
        ```python
        import numpy as np
        from nde.estimators import NeuralCDERegressor

        rate = np.random.default_rng(0).uniform(1.0, 2.0, 40)
        waves = np.sin(rate[:, None] * np.linspace(0.0, 6.0, 20))
        regressor = NeuralCDERegressor(max_iter=50, random_state=0).fit(waves[:30], rate[:30])
        print(regressor.score(waves[30:], rate[30:]))
        ```
    """

    def predict(self, X: Any) -> Float[np.ndarray, "series ..."]:
        """Predict the target, or targets, of each series.

        Args:
            X: A panel, a long data frame, or an array of shape `(series, time, channels)`.

        Returns:
            The predictions, of shape `(series,)` or `(series, targets)`, in the units of the targets.

        Raises:
            NotFittedError: If the estimator is not fitted.
            DataError: If `X` has other channels or static features than the estimator was fitted to.
        """
        values = self._mean_outputs(X) * self.scale_ + self.center_
        return values[:, 0] if self.single_ else values

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _fit_targets(self, targets: Any) -> np.ndarray:
        numbers = _numbers(targets)
        self.single_ = targets.ndim == 1
        self.center_ = numbers.mean(axis=0)
        deviation = numbers.std(axis=0)
        self.scale_ = np.where(deviation > 0, deviation, 1.0)
        return self._encode_targets(targets)

    def _encode_targets(self, targets: Any) -> np.ndarray:
        if targets is None:
            raise DataError("Validation series must have targets; got none.")
        return (_numbers(targets) - self.center_) / self.scale_

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


def _numbers(targets: Any) -> Float[np.ndarray, "series output"]:
    array = np.asarray(targets)
    try:
        numbers = array.astype(np.float64).reshape(len(array), -1)
    except (TypeError, ValueError):
        raise DataError(
            f"Targets must be numbers; got dtype {array.dtype}. For classes, use NeuralCDEClassifier."
        ) from None
    if not np.isfinite(numbers).all():
        raise DataError("Input y contains NaN or infinity (inf); each series must have a finite target.")
    return numbers
