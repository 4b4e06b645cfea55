"""What all estimators have in common: how they are trained, kept and tagged."""

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
    """A model that is trained by `nde.train.fit`; `model_` is its fitted part.

    In a pickle weights are bytes, for functions of JAX that are fields of a model cannot be pickled.
    """

    random_state: Any
    learning_rate: float
    run: str | Path | None
    progress: bool | Progress | None

    @abc.abstractmethod
    def _blank(self, key: Array) -> Any:
        """A model of random weights."""

    @abc.abstractmethod
    def _told(self) -> dict[str, Any]:
        """What was learned beside the weights, for a JSON file."""

    @abc.abstractmethod
    def _restored(self, told: dict[str, Any]) -> Any:
        """Takes what `_told` told, and gives a blank model to read weights into."""

    def save(self, folder: str | Path) -> None:
        """Writes the estimator into a folder, made if it is not there; `nde.estimators.load_estimator` reads it."""
        check_is_fitted(self, "model_")
        write(folder, self, self._told(), self.model_)

    def _seed(self) -> int:
        """Of weights and batches."""
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
        """Makes a model and trains it; with a folder for the run, logs and checkpoints are there.

        The optimizer is Adam, unless one is given. Further options are those of `nde.train.fit`, such as `validation`.
        """
        start, end = jax.random.split(jax.random.key(seed))
        found = fit(
            self._blank(start),
            loss,
            data,
            optimizer or adam(self.learning_rate, steps=steps, weight_decay=weight_decay),
            steps=steps,
            key=end,
            log=None if self.run is None else Path(self.run, "log.jsonl"),
            checkpoint=None if self.run is None else Path(self.run, "checkpoints").absolute(),
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
            blank = self._blank(jax.random.key(0))
            self.model_ = eqx.tree_deserialise_leaves(io.BytesIO(state["model_"]), blank)


class AbstractSeriesEstimator(AbstractEstimator):
    """An estimator of series: they may have gaps, and an array of them has three axes."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.three_d_array = True
        return tags
