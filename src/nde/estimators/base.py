"""Base classes for estimators: training, saving, pickling and tags."""

import abc
import io
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import optax
from jaxtyping import Array
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from nde.estimators.saving import write
from nde.train import adam, fit
from nde.train.progress import Progress


class AbstractEstimator(BaseEstimator, abc.ABC):
    """Base class for estimators: a model in `model_`, trained with `nde.train.fit`.

    A pickle stores weights as bytes, because JAX functions in a model's fields cannot be pickled.
    """

    random_state: Any
    learning_rate: float
    checkpoint_dir: str | Path | None
    progress: bool | Progress | None

    @abc.abstractmethod
    def _init_model(self, key: Array) -> Any:
        """A model with random weights."""

    @abc.abstractmethod
    def _to_config(self) -> dict[str, Any]:
        """The fitted state other than the weights, for a JSON file."""

    @abc.abstractmethod
    def _from_config(self, config: dict[str, Any]) -> Any:
        """Restore the state of `_to_config`, and return a model to load weights into."""

    def save(self, folder: str | Path) -> None:
        """Save the fitted estimator to a folder; `nde.estimators.load_estimator` loads it.

        Args:
            folder: The folder to write to; created if it does not exist.

        Raises:
            NotFittedError: If the estimator is not fitted.
        """
        check_is_fitted(self, "model_")
        write(folder, self, self._to_config(), self.model_)

    def _seed(self) -> int:
        """The seed for weights and batches."""
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _train(
        self,
        loss: Any,
        data: Any,
        *,
        seed: int,
        steps: int,
        optimizer: optax.GradientTransformation | None = None,
        weight_decay: float = 0.0,
        **options: Any,
    ) -> None:
        """Initialize a model and train it, with a log and checkpoints if there is a `checkpoint_dir`.

        The optimizer is Adam by default. Further options, such as `validation`, are passed to `nde.train.fit`.
        """
        start, end = jax.random.split(jax.random.key(seed))
        found = fit(
            self._init_model(start),
            loss,
            data,
            optimizer or adam(self.learning_rate, steps=steps, weight_decay=weight_decay),
            steps=steps,
            key=end,
            log=None if self.checkpoint_dir is None else Path(self.checkpoint_dir, "log.jsonl"),
            checkpoint=None if self.checkpoint_dir is None else Path(self.checkpoint_dir, "checkpoints").absolute(),
            progress=self.progress,
            **options,
        )
        self.model_, self.history_, self.n_iter_ = found.model, found.history, found.steps

    def __getstate__(self) -> Any:
        whole: Any = super().__getstate__()
        state = dict(whole)
        if "model_" in state:
            buffer = io.BytesIO()
            eqx.tree_serialise_leaves(buffer, state["model_"])
            state["model_"] = buffer.getvalue()
        return state

    def __setstate__(self, state: Any) -> None:
        super().__setstate__({name: value for name, value in state.items() if name != "model_"})
        if "model_" in state:
            model = self._init_model(jax.random.key(0))
            self.model_ = eqx.tree_deserialise_leaves(io.BytesIO(state["model_"]), model)


class AbstractSeriesEstimator(AbstractEstimator):
    """Base class for estimators of series, which accept missing values and three-dimensional arrays."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.three_d_array = True
        return tags
