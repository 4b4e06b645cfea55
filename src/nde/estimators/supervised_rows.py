"""Base class for estimators that predict a target for each row of a table, or each image."""

import dataclasses
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int
from sklearn.utils.validation import check_is_fitted, validate_data

from nde.core.describe import describe
from nde.core.results import RESULTS
from nde.data import Batch, DataError
from nde.data.panel import TimeSeries
from nde.data.panel.dataframes import as_pandas
from nde.estimators.row_input import check_single_rows, encode_words, image_shape, rows_of_values, words_of
from nde.estimators.row_network import RowNetwork
from nde.estimators.row_preparation import RowPreparation
from nde.estimators.stacking import ROWS
from nde.estimators.supervised import AbstractSupervisedEstimator
from nde.models import DeepEnsemble
from nde.train.progress import Progress


@dataclasses.dataclass(frozen=True, eq=False)
class Equilibrium:
    """The equilibria of samples, of each network of an ensemble.

    Attributes:
        states: The states.
        steps: How many steps the solver took.
        residuals: The norm (root mean square) of what another application of the map would change.
        converged: Whether it is within the tolerance.

    Example:
        See `ImplicitClassifier.equilibrium`.
    """

    states: Float[np.ndarray, "members samples *state"]
    steps: Int[np.ndarray, "members samples"]
    residuals: Float[np.ndarray, "members samples"]
    converged: Bool[np.ndarray, "members samples"]


@dataclasses.dataclass(frozen=True, eq=False)
class _Validation:
    """Samples and targets to validate with."""

    X: Any
    y: Any


def _checked_validation(validation: Any) -> Any:
    """Nothing, a panel, or a pair of samples and targets.

    Raises:
        DataError: If it is something else.
    """
    if validation is None or isinstance(validation, TimeSeries):
        return validation
    if not isinstance(validation, tuple | list) or len(validation) != 2:
        raise DataError(f"validation must be a pair (X, y), or a panel with targets; got {describe(validation)}.")
    return _Validation(*validation)


class AbstractImplicitEstimator(AbstractSupervisedEstimator):
    """Base class for estimators that train an ensemble of deep equilibrium models.

    See `ImplicitClassifier` for the parameters.
    """

    model = "deq"
    _subject = ROWS

    def __init__(
        self,
        *,
        hidden_size: int | None = None,
        n_estimators: int = 5,
        max_iter: int | None = None,
        batch_size: int = 32,
        learning_rate: float = 3e-3,
        weight_decay: float = 1e-3,
        dropout: float = 0.2,
        noise: float = 0.1,
        bound: float = 0.95,
        rtol: float = 1e-4,
        max_steps: int = 100,
        plain_methods: bool = True,
        random_state: Any = None,
        checkpoint_dir: str | Path | None = None,
        progress: bool | Progress | None = None,
    ) -> None:
        self.hidden_size = hidden_size
        self.n_estimators = n_estimators
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.noise = noise
        self.bound = bound
        self.rtol = rtol
        self.max_steps = max_steps
        self.plain_methods = plain_methods
        self.random_state = random_state
        self.checkpoint_dir = checkpoint_dir
        self.progress = progress

    def fit(self, X: Any, y: Any = None, *, validation: Any = None, sample_weight: Any = None) -> Any:
        """Train the ensemble, and mix it with plain methods.

        Args:
            X: Vectors of shape `(samples, features)`; images of shape `(samples, height, width)` or
                `(samples, height, width, channels)`; a data frame of numbers and words; or a panel whose series have a
                single row. `nan` is a missing value.
            y: Targets, one for each sample; by default those of a panel.
            validation: Samples and targets for validation, `(X, y)`, or a panel with targets. By default, each member
                of the ensemble leaves out another part of the training samples, and is validated on it.
            sample_weight: How much each sample counts; by default all the same.

        Returns:
            The fitted estimator.

        Raises:
            DataError: If `X` is neither numbers nor words, or targets or weights are missing or invalid.
        """
        self._fit(X, y, _checked_validation(validation), sample_weight)
        found = self._solve(self._prepare_rows(X))
        self.steps_ = found.steps.mean(axis=0)
        self.converged_ = float(found.converged.mean())
        return self

    def equilibrium(self, X: Any, *, start: Equilibrium | None = None) -> Equilibrium:
        """Solve for the equilibria of samples.

        Args:
            X: Samples, as for `fit`.
            start: Where to begin: the equilibria of as many similar samples (a warm start). By default at zero.

        Returns:
            The equilibria, and how many steps each took.

        Raises:
            NotFittedError: If the estimator is not fitted.

        Example:
            ```python
            import numpy as np
            from nde.estimators import ImplicitRegressor

            X = np.random.default_rng(0).normal(size=(40, 2))
            regressor = ImplicitRegressor(max_iter=30, n_estimators=1, random_state=0).fit(X, X[:, 0] ** 2)
            found = regressor.equilibrium(X)
            print(found.steps.mean(), regressor.equilibrium(X + 1e-3, start=found).steps.mean())
            ```
        """
        check_is_fitted(self, "model_")
        return self._solve(self._prepare_rows(X), start)

    @property
    def channels_(self) -> tuple[str, ...]:
        """Names of the features that the estimator was fitted to; a word is a feature of 0 and 1."""
        return self.preparation_.channels

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _panel(self, X: Any) -> TimeSeries:
        return self._read(X, reset=True)

    def _known_panel(self, X: Any) -> TimeSeries:
        if isinstance(X, _Validation):
            return dataclasses.replace(self._read(X.X, reset=False), targets=np.asarray(X.y))
        return self._read(X, reset=False)

    def _read(self, X: Any, *, reset: bool) -> TimeSeries:
        """Samples as a panel of single rows; with `reset` they are fitted to."""
        if isinstance(X, TimeSeries):
            return self._read_panel(check_single_rows(X), reset=reset)
        frame = as_pandas(X)
        values, names = self._read_array(X, reset=reset) if frame is None else self._read_frame(frame, reset=reset)
        shape = image_shape(values)
        if reset:
            self.shape_ = shape
        elif shape != self.shape_:
            raise ValueError(f"Got samples of shape {shape}; this estimator was fitted to samples of {self.shape_}.")
        return rows_of_values(values.reshape(len(values), -1), names)

    def _read_array(self, X: Any, *, reset: bool) -> tuple[np.ndarray, tuple[str, ...]]:
        values: Any = validate_data(
            self, X, reset=reset, dtype=np.float64, allow_nd=True, ensure_all_finite="allow-nan"
        )
        if not reset:
            return values, self.preparation_.channels
        self.words_ = {}
        count = int(np.prod(values.shape[1:]))
        return values, tuple(f"{'x' if values.ndim == 2 else 'pixel '}{place}" for place in range(count))

    def _read_frame(self, frame: Any, *, reset: bool) -> tuple[np.ndarray, tuple[str, ...]]:
        validate_data(self, frame, reset=reset, skip_check_array=True)
        if reset:
            self.words_ = words_of(frame)
        return encode_words(frame, self.words_)

    def _read_panel(self, panel: TimeSeries, *, reset: bool) -> TimeSeries:
        if reset:
            self.words_, self.shape_ = {}, (len(panel.channels),)
            self.n_features_in_, self.feature_names_in_ = len(panel.channels), np.array(panel.channels, object)
        return panel

    def _prepare_rows(self, X: Any) -> TimeSeries:
        return self.preparation_.apply(dataclasses.replace(self._known_panel(X), targets=None))

    def _fit_preparation(self, panel: TimeSeries) -> None:
        self.preparation_ = RowPreparation.fit(panel, self.shape_)

    def _features(self, panel: TimeSeries) -> Float[np.ndarray, "series features"]:
        return self.preparation_.features(panel)

    def _solve(self, prepared: TimeSeries, start: Equilibrium | None = None) -> Equilibrium:
        rows = jnp.asarray(prepared.ys, float)
        begin = None if start is None else jnp.asarray(start.states)
        found = _equilibria(self.model_.models, rows, begin)
        return Equilibrium(*(np.asarray(each) for each in found))

    def _network_notes(self) -> list[str]:
        """How many steps the solver takes."""
        if not hasattr(self, "steps_"):
            return []
        share = "all" if self.converged_ == 1 else f"{100 * self.converged_:.1f}%"
        return [
            f"The solver takes {np.median(self.steps_):.0f} steps to the equilibrium of a training row in the median, "
            f"{self.steps_.max():.0f} at most; {share} converge."
        ]

    def _init_model(self, key: Array) -> DeepEnsemble:
        preparation = self.preparation_
        options = {"bound": self.bound, "dropout": self.dropout, "rtol": self.rtol, "max_steps": self.max_steps}

        def make(key: Array) -> RowNetwork:
            return RowNetwork.make(
                preparation.input_size,
                preparation.shape,
                self._kind.size,
                hidden_size=self.hidden_size,
                noise=self.noise,
                key=key,
                **options,
            )

        return DeepEnsemble(make, self.n_estimators, key=key)

    @staticmethod
    def _member_outputs(model: DeepEnsemble, batch: Batch, key: Any, /) -> Float[Array, "members series output"]:
        keys = None if key is None else jax.random.split(key, model.members)
        return eqx.filter_vmap(lambda network, key: network(batch.ys[:, 0], key=key))(model.models, keys)

    def _to_config(self) -> dict[str, Any]:
        names = getattr(self, "feature_names_in_", None)
        return {
            **super()._to_config(),
            "words": {name: list(words) for name, words in self.words_.items()},
            "features": self.n_features_in_,
            "names": None if names is None else names.tolist(),
            "steps": self.steps_.tolist(),
            "converged": self.converged_,
        }

    def _from_config(self, config: dict[str, Any]) -> Any:
        self.preparation_ = RowPreparation.from_dict(config["preparation"])
        self.words_, self.shape_ = config["words"], self.preparation_.shape
        self.n_features_in_ = config["features"]
        if config["names"] is not None:
            self.feature_names_in_ = np.array(config["names"], object)
        self.steps_, self.converged_ = np.array(config["steps"]), config["converged"]
        return super()._from_config(config)


@eqx.filter_jit
def _equilibria(networks: RowNetwork, rows: Float[Array, "samples features"], start: Any) -> tuple[Array, ...]:
    def solve(network: RowNetwork, z0: Any) -> tuple[Array, ...]:
        found = network.solve(rows, z0)
        return found.value, found.stats["num_steps"], found.stats["residual"], found.result == RESULTS.successful

    return eqx.filter_vmap(solve)(networks, start)
