"""Density estimation with continuous normalizing flows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from sklearn.base import DensityMixin
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from nde.data import ArrayLoader, DataError
from nde.data.plural import pluralize
from nde.estimators.base import AbstractEstimator
from nde.models import ContinuousFlow, FlowLikelihood, FlowMatching
from nde.stepping import PIDController
from nde.train.progress import Progress

_AT_ONCE = 2048
_VALIDATIONS = 20
"""How many times the validation loss is evaluated during training."""
_MOST_HOLDOUT = 2000
_AVERAGED = 0.1
"""The share of the training steps over which weights are averaged."""


class FlowDensity(DensityMixin, AbstractEstimator):
    """Density estimator, and generator of new samples, with a continuous normalizing flow.

    Points are standardized, and a flow between their distribution and a standard normal distribution is trained.
    Densities are in the units of the data. Some points are held out for validation, and the weights with the highest
    validation likelihood are kept. With a `condition` for each point, the density is conditional.

    Args:
        width: Width of the hidden layers of the vector field.
        depth: Number of hidden layers of the vector field.
        blocks: Number of vector fields applied in sequence.
        method: `"matching"` trains by flow matching, without solving the differential equation; `"likelihood"`
            maximizes the likelihood by differentiating through solves. A step of the latter is about a hundred times
            slower, but it may need fewer steps.
        regularization: For `"likelihood"`, the weight of the kinetic energy and of the norm of the Jacobian; see
            `nde.models.FlowLikelihood`.
        tolerance: Relative and absolute tolerance of solves, in standardized units.
        max_iter: Number of training steps.
        batch_size: Number of points in a batch.
        learning_rate: Peak learning rate; it decays to zero along a cosine.
        validation_fraction: The share of points held out for validation, at most 2,000 points; 0 for none.
        random_state: Seed for weights, batches and the validation split; pass an integer for reproducible fits.
        checkpoint_dir: Folder for checkpoints and a log. If it holds a checkpoint of this fit, training resumes.
        progress: Whether to show a progress bar; by default only on a terminal. Or a function that is called after each
            step with the number of steps done, their total, and the loss.

    Attributes:
        model_: The fitted `nde.models.ContinuousFlow`, for standardized points.
        center_: Means of the components of the points, then of the conditions.
        scale_: Standard deviations of the same components.
        condition_size_: Number of components of conditions.
        history_: The training history, a `nde.train.History`.
        n_iter_: Number of training steps made.

    Source: Grathwohl, Chen, Bettencourt, Sutskever and Duvenaud, *FFJORD* (2019), doi:10.48550/arXiv.1810.01367;
    Lipman, Chen, Ben-Hamu, Nickel and Le, *Flow matching for generative modeling* (2023),
    doi:10.48550/arXiv.2210.02747.

    Example:
        ```python
        import numpy as np
        from nde.estimators import FlowDensity

        angles = np.random.default_rng(0).uniform(0.0, 6.28, 500)
        X = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        density = FlowDensity(width=16, depth=2, max_iter=50, random_state=0).fit(X)
        print(density.score_samples(X[:3]), density.sample(2))
        ```
    """

    def __init__(
        self,
        *,
        width: int = 64,
        depth: int = 3,
        blocks: int = 1,
        method: str = "matching",
        regularization: float = 0.01,
        tolerance: float = 1e-5,
        max_iter: int = 5000,
        batch_size: int = 512,
        learning_rate: float = 1e-2,
        validation_fraction: float = 0.1,
        random_state: Any = None,
        checkpoint_dir: str | Path | None = None,
        progress: bool | Progress | None = None,
    ) -> None:
        self.width = width
        self.depth = depth
        self.blocks = blocks
        self.method = method
        self.regularization = regularization
        self.tolerance = tolerance
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.checkpoint_dir = checkpoint_dir
        self.progress = progress

    def fit(self, X: Any, y: Any = None, *, condition: Any = None) -> Any:
        """Train the flow.

        Args:
            X: Points, of shape `(points, size)`.
            y: Not used.
            condition: Conditions, of shape `(points, condition)`, for a conditional density.

        Returns:
            The fitted estimator.

        Raises:
            ValueError: If a parameter is out of range, or `X` is not a two-dimensional array of finite numbers.
            DataError: If there is not one condition for each point.
        """
        del y
        points: Any = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        conditions = _conditions(condition, len(points))
        self.condition_size_ = conditions.shape[1]
        whole = np.concatenate([points, conditions], axis=1)
        deviations = whole.std(axis=0)
        self.center_, self.scale_ = whole.mean(axis=0), np.where(deviations > 0, deviations, 1.0)
        seed = self._seed()
        train, holdout = self._split(self._standardize(whole), seed)
        data = ArrayLoader(self._batch(train), self.batch_size, seed=seed)
        options: dict[str, Any] = {}
        if len(holdout):
            validate_every = max(1, self.max_iter // _VALIDATIONS)
            options = {
                "validation": self._batch(holdout),
                "metric": FlowLikelihood(),
                "validate_every": validate_every,
            }
        average = max(0.0, 1.0 - 1.0 / (_AVERAGED * self.max_iter))
        self._train(self._loss(), data, seed=seed, steps=self.max_iter, average=average or None, **options)
        return self

    def score_samples(self, X: Any, *, condition: Any = None) -> Float[np.ndarray, " points"]:
        """Log-density at each point, in the units of the data.

        Args:
            X: Points, of shape `(points, size)`.
            condition: Conditions, of shape `(points, condition)` or one row for all points, if the estimator was fitted
                with conditions.

        Returns:
            The log-densities, of shape `(points,)`.

        Raises:
            NotFittedError: If the estimator is not fitted.
            ValueError: If points have another size than the estimator was fitted to.
            DataError: If conditions have another size than the estimator was fitted to.
        """
        check_is_fitted(self, "model_")
        points: Any = validate_data(self, X, dtype=np.float64, reset=False)
        rows = self._standardize(np.concatenate([points, self._check_conditions(condition, len(points))], axis=1))
        log_probs = self._in_chunks(_log_probs, rows)
        return log_probs - np.log(self.scale_[: points.shape[1]]).sum()

    def score(  # pyright: ignore[reportIncompatibleMethodOverride] (scikit-learn's gives nothing)
        self, X: Any, y: Any = None, *, condition: Any = None
    ) -> float:
        """Mean log-density of points.

        Args:
            X: Points, of shape `(points, size)`.
            y: Not used.
            condition: As for `score_samples`.
        """
        del y
        return float(self.score_samples(X, condition=condition).mean())

    def sample(
        self,
        n_samples: int = 1,
        *,
        condition: Any = None,
        random_state: Any = None,
        flow: ContinuousFlow | None = None,
    ) -> Float[np.ndarray, "points size"]:
        """Sample new points.

        Args:
            n_samples: Number of points.
            condition: Conditions, of shape `(n_samples, condition)` or one row for all points, if the estimator was
                fitted with conditions.
            random_state: Seed; pass an integer for reproducible samples.
            flow: `model_` with another solver, such as `nde.models.fit_hypersolver(density.model_, key=key).model`,
                whose few steps are faster than those that keep the tolerance; by default `model_` itself.

        Returns:
            The points, of shape `(n_samples, size)`, in the units of the data.

        Raises:
            NotFittedError: If the estimator is not fitted.
            ValueError: If `n_samples` is less than one.
            DataError: If conditions have another size than the estimator was fitted to.
        """
        check_is_fitted(self, "model_")
        if n_samples < 1:
            raise ValueError(f"n_samples must be at least 1; got {n_samples}.")
        size = self.n_features_in_
        noise = check_random_state(random_state).normal(size=(n_samples, size))
        conditions = (self._check_conditions(condition, n_samples) - self.center_[size:]) / self.scale_[size:]
        points = self._in_chunks(_decode, np.concatenate([noise, conditions], axis=1), flow)
        return points * self.scale_[:size] + self.center_[:size]

    def _init_model(self, key: Array) -> ContinuousFlow:
        return ContinuousFlow(
            self.n_features_in_,
            condition_size=self.condition_size_,
            width=self.width,
            depth=self.depth,
            blocks=self.blocks,
            stepsize_controller=PIDController(rtol=self.tolerance, atol=self.tolerance),
            key=key,
        )

    def _to_config(self) -> dict[str, Any]:
        names = getattr(self, "feature_names_in_", None)
        return {
            "center": self.center_.tolist(),
            "scale": self.scale_.tolist(),
            "condition_size": self.condition_size_,
            "names": None if names is None else names.tolist(),
        }

    def _from_config(self, config: dict[str, Any]) -> ContinuousFlow:
        self.center_, self.scale_ = np.array(config["center"]), np.array(config["scale"])
        self.condition_size_ = config["condition_size"]
        self.n_features_in_ = len(self.center_) - self.condition_size_
        if config["names"] is not None:
            self.feature_names_in_ = np.array(config["names"], object)
        return self._init_model(jax.random.key(0))

    def _loss(self) -> FlowMatching | FlowLikelihood:
        if self.method == "matching":
            return FlowMatching()
        if self.method == "likelihood":
            return FlowLikelihood(kinetic=self.regularization, jacobian=self.regularization)
        raise ValueError(f"method must be 'matching' or 'likelihood'; got {self.method!r}.")

    def _split(self, rows: Float[np.ndarray, "points whole"], seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Split rows at random into training and validation rows."""
        if not 0 <= self.validation_fraction < 1:
            raise ValueError(f"validation_fraction must be at least 0 and less than 1; got {self.validation_fraction}.")
        count = min(_MOST_HOLDOUT, int(self.validation_fraction * len(rows)))
        order = np.random.default_rng(seed).permutation(len(rows))
        return rows[order[count:]], rows[order[:count]]

    def _standardize(self, rows: Float[np.ndarray, "points whole"]) -> Float[np.ndarray, "points whole"]:
        return (rows - self.center_) / self.scale_

    def _batch(self, rows: Float[np.ndarray, "points whole"]) -> Any:
        """Split rows into points and conditions, if there are any, in JAX's precision."""
        x, condition = np.split(rows.astype(jnp.result_type(float)), [self.n_features_in_], axis=1)
        return (x, condition) if self.condition_size_ else x

    def _check_conditions(self, condition: Any, count: int) -> Float[np.ndarray, "points condition"]:
        """One condition for each point, of the size that the estimator was fitted to."""
        conditions = _conditions(condition, count)
        if conditions.shape[1] != self.condition_size_:
            raise DataError(
                f"condition must have {self.condition_size_} components, as in fit; got {conditions.shape[1]}."
            )
        return conditions

    def _in_chunks(
        self,
        of_points: Callable[..., Array],
        rows: Float[np.ndarray, "points whole"],
        flow: ContinuousFlow | None = None,
    ) -> np.ndarray:
        """Evaluate a function of the flow, standardized points and conditions, some rows at a time."""
        flow = self.model_ if flow is None else flow
        results = []
        for first in range(0, len(rows), _AT_ONCE):
            batch = self._batch(rows[first : first + _AT_ONCE])
            x, condition = batch if self.condition_size_ else (batch, None)
            results.append(np.asarray(of_points(flow, x, condition), np.float64))
        return np.concatenate(results)


@eqx.filter_jit
def _log_probs(flow: ContinuousFlow, x: Array, condition: Array | None) -> Array:
    return jax.vmap(lambda x, condition: flow.log_prob(x, condition=condition))(x, condition)


@eqx.filter_jit
def _decode(flow: ContinuousFlow, z: Array, condition: Array | None) -> Array:
    return jax.vmap(lambda z, condition: flow.decode(z, condition=condition))(z, condition)


def _conditions(condition: Any, count: int) -> Float[np.ndarray, "points condition"]:
    """One row of conditions for each point; rows have no components if there is no condition.

    Raises:
        DataError: If there is neither one row nor one for each point.
    """
    if condition is None:
        return np.zeros((count, 0))
    rows = check_array(condition, dtype="float64", input_name="condition")
    if len(rows) not in {1, count}:
        raise DataError(
            f"condition must have one row, or one for each point; got {pluralize(len(rows), 'row')} for "
            f"{pluralize(count, 'point')}."
        )
    return np.repeat(rows, count, axis=0) if len(rows) != count else rows
