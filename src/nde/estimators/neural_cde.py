"""A class or a number for each series, by neural controlled differential equations."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from nde.data import DataError
from nde.estimators.reading import AbstractReadingEstimator


class NeuralCDEClassifier(ClassifierMixin, AbstractReadingEstimator):
    """Tells the class of irregular, gappy series of any lengths.

    Series are normalized; time, its running integrals and those of the channels, and how often each channel with gaps
    was observed become channels; an ensemble of neural controlled differential equations reads them from row to row;
    probabilities are means over the ensemble. The defaults are meant for all data.

    Args:
        model: What reads the series: `"neural-cde"`, `"neural-rde"` (in windows, for long series), or to compare with
            `"gru-dt"`, `"gru-d"`, `"ode-rnn"`.
        hidden_size: Length of the state of each.
        width: Of the hidden layers of its vector field, if it has one.
        depth: How many it has.
        members: How many models the ensemble has.
        steps: Of descent; by default 600, or ten times through the data if that is more.
        batch_size: Series in a step.
        learning_rate: The highest; it falls to nothing along a cosine.
        weight_decay: How much weights shrink, as a multiple of the learning rate.
        series: If data frames are given, the column that names series.
        time: Likewise, the column of times.
        channels: Likewise, the columns of measurements; by default all that are left.
        static: Likewise, columns of static features.
        target: Likewise, the column of classes.
        random_state: Of weights and batches; an integer makes fits repeatable.
        run: A folder for checkpoints and a log. The fit of a folder that was killed is gone on from.
        progress: Whether to show a bar, by default on a terminal; or a function told after each step how many are
            done, of how many, and the loss.

    Attributes:
        classes_: The classes, sorted.
        model_: The ensemble, a `nde.models.DeepEnsemble`.
        history_: The course of the training, a `nde.train.History`.
        preparation_: What is done to series before they are read.

    Source: Kidger, Morrill, Foster and Lyons, *Neural controlled differential equations for irregular time series*
    (2020), doi:10.48550/arXiv.2005.08926.

    Example:
        ```python
        import numpy as np
        from nde.estimators import NeuralCDEClassifier

        y = np.arange(40) % 2
        waves = np.sin((1 + y)[:, None] * np.linspace(0.0, 6.0, 20)) + np.random.default_rng(0).normal(0, 0.1, (40, 20))
        classifier = NeuralCDEClassifier(steps=50, random_state=0).fit(waves[:30], y[:30])
        print(classifier.score(waves[30:], y[30:]))
        ```
    """

    def predict(self, X: Any) -> np.ndarray:
        """The most likely class of each series.

        Args:
            X: A panel, a long data frame, or an array `(series, time, channels)`.

        Raises:
            NotFittedError: If it was not fitted.
            DataError: If the data are not as those that were fitted.
        """
        shares = self.predict_proba(X)
        return self.classes_[np.argmax(shares, axis=1)]

    def predict_proba(self, X: Any) -> Float[np.ndarray, "series classes"]:
        """The probabilities of the classes, in the order of `classes_`, for each series; arguments as of `predict`."""
        logits = self._predicted(X)
        return np.asarray(jax.nn.softmax(logits, axis=-1), np.float64).mean(axis=0)

    def _learned(self, targets: Any) -> np.ndarray:
        check_classification_targets(targets)
        labels = column_or_1d(targets, warn=True)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise DataError(
                f"Got series of the one class {self.classes_[0]!r} only: a classifier wants two classes or more."
            )
        return codes

    def _codes(self, targets: Any) -> np.ndarray:
        if targets is None:
            raise DataError("Got series to validate without targets; each wants its class.")
        unknown = sorted(set(np.asarray(targets).tolist()) - set(self.classes_.tolist()), key=str)
        if unknown:
            raise DataError(f"Got series to validate of the class {unknown[0]!r}, of which none is there to train.")
        return np.searchsorted(self.classes_, targets)

    @property
    def _output_size(self) -> int:
        return len(self.classes_)

    def _loss(self, outputs: Float[Array, "series output"], targets: Array) -> Float[Array, " series"]:
        return optax.softmax_cross_entropy_with_integer_labels(outputs, targets)

    def _told(self) -> dict[str, Any]:
        return {**super()._told(), "classes": self.classes_.tolist(), "type": self.classes_.dtype.str}

    def _restored(self, told: dict[str, Any]) -> Any:
        self.classes_ = np.array(told["classes"], told["type"])
        return super()._restored(told)


class NeuralCDERegressor(RegressorMixin, AbstractReadingEstimator):
    """Tells a number, or several, of irregular, gappy series of any lengths.

    Targets are normalized, and what the ensemble says is the mean over it. All else is as in `NeuralCDEClassifier`.

    Args:
        parameters: Those of `NeuralCDEClassifier`.

    Attributes:
        center_: The mean of each target.
        scale_: The deviation of each target.
        model_: The ensemble, a `nde.models.DeepEnsemble`.
        history_: The course of the training, a `nde.train.History`.
        preparation_: What is done to series before they are read.

    Source: Kidger, Morrill, Foster and Lyons, *Neural controlled differential equations for irregular time series*
    (2020), doi:10.48550/arXiv.2005.08926.

    Example:
        ```python
        import numpy as np
        from nde.estimators import NeuralCDERegressor

        rate = np.random.default_rng(0).uniform(1.0, 2.0, 40)
        waves = np.sin(rate[:, None] * np.linspace(0.0, 6.0, 20))
        regressor = NeuralCDERegressor(steps=50, random_state=0).fit(waves[:30], rate[:30])
        print(regressor.score(waves[30:], rate[30:]))
        ```
    """

    def predict(self, X: Any) -> Float[np.ndarray, "series ..."]:
        """The number (or numbers) of each series, in the unit of the targets.

        Args:
            X: A panel, a long data frame, or an array `(series, time, channels)`.

        Raises:
            NotFittedError: If it was not fitted.
            DataError: If the data are not as those that were fitted.
        """
        values = self._predicted(X).mean(axis=0)
        values = values * self.scale_ + self.center_
        return values[:, 0] if self.single_ else values

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _learned(self, targets: Any) -> np.ndarray:
        numbers = _numbers(targets)
        self.single_ = targets.ndim == 1
        self.center_ = numbers.mean(axis=0)
        deviation = numbers.std(axis=0)
        self.scale_ = np.where(deviation > 0, deviation, 1.0)
        return self._codes(targets)

    def _codes(self, targets: Any) -> np.ndarray:
        if targets is None:
            raise DataError("Got series to validate without targets; each wants its number.")
        return (_numbers(targets) - self.center_) / self.scale_

    @property
    def _output_size(self) -> int:
        return len(self.center_)

    def _loss(self, outputs: Float[Array, "series output"], targets: Array) -> Float[Array, " series"]:
        return jnp.mean((outputs - targets) ** 2, axis=-1)

    def _told(self) -> dict[str, Any]:
        return {
            **super()._told(),
            "center": self.center_.tolist(),
            "scale": self.scale_.tolist(),
            "single": self.single_,
        }

    def _restored(self, told: dict[str, Any]) -> Any:
        self.center_, self.scale_, self.single_ = np.array(told["center"]), np.array(told["scale"]), told["single"]
        return super()._restored(told)


def _numbers(targets: Any) -> Float[np.ndarray, "series output"]:
    array = np.asarray(targets)
    try:
        numbers = array.astype(np.float64).reshape(len(array), -1)
    except (TypeError, ValueError):
        raise DataError(
            f"Got targets of the type {array.dtype}; numbers are wanted. For classes take NeuralCDEClassifier."
        ) from None
    if not np.isfinite(numbers).all():
        raise DataError("Input y contains NaN or infinity (inf): each series wants a finite target.")
    return numbers
