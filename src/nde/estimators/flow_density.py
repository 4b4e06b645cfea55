"""The density of points, by a continuous normalizing flow."""

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
from nde.estimators.base import AbstractEstimator
from nde.models import ContinuousFlow, FlowLikelihood, FlowMatching
from nde.stepping import PIDController
from nde.train.progress import Progress

_AT_ONCE = 2048
_LOOKS = 20
"""How often the points that are held out are looked at while training."""
_MOST_HELD = 2000
_AVERAGED = 0.1
"""The share of the steps over which weights are averaged."""


class FlowDensity(DensityMixin, AbstractEstimator):
    """The density of points, and new points like them, by a continuous normalizing flow.

    Points are standardized, a flow between them and the normal law is trained, and densities are told in the data's
    units. Some points are held out, to keep the weights by which these are likeliest. With a `condition` for each
    point, the law is that of points given the condition.

    Args:
        width: Width of the hidden layers of the vector field.
        depth: How many it has.
        blocks: How many vector fields follow each other.
        method: `"matching"` regresses the vector field on straight paths, and solves nothing; `"likelihood"` maximizes
            the likelihood through solves, which is some hundred times slower a step, but may need fewer.
        regularization: With `"likelihood"`, the weight of the kinetic energy and of the Jacobian's norm, see
            `nde.models.FlowLikelihood`.
        tolerance: Of solves, relative and absolute, in standardized units.
        steps: Of descent.
        batch_size: Points in a step.
        learning_rate: The highest; it falls to nothing along a cosine.
        validation_fraction: The share of the points that are held out, at most 2,000; 0 for none.
        random_state: Of weights, batches and what is held out; an integer makes fits repeatable.
        run: A folder for checkpoints and a log. The fit of a folder that was killed is gone on from.
        progress: Whether to show a bar, by default on a terminal; or a function told after each step how many are
            done, of how many, and the loss.

    Attributes:
        model_: The `nde.models.ContinuousFlow`, of standardized points.
        center_: The mean of each component of the points, then of the conditions.
        scale_: Their deviations.
        condition_size_: How many components conditions have.
        history_: The course of the training, a `nde.train.History`.

    Source: Grathwohl, Chen, Bettencourt, Sutskever and Duvenaud, *FFJORD* (2019), doi:10.48550/arXiv.1810.01367;
    Lipman, Chen, Ben-Hamu, Nickel and Le, *Flow matching for generative modeling* (2023),
    doi:10.48550/arXiv.2210.02747.

    Example:
        ```python
        import numpy as np
        from nde.estimators import FlowDensity

        angles = np.random.default_rng(0).uniform(0.0, 6.28, 500)
        X = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        density = FlowDensity(width=16, depth=2, steps=50, random_state=0).fit(X)
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
        steps: int = 5000,
        batch_size: int = 512,
        learning_rate: float = 1e-2,
        validation_fraction: float = 0.1,
        random_state: Any = None,
        run: str | Path | None = None,
        progress: bool | Progress | None = None,
    ) -> None:
        self.width = width
        self.depth = depth
        self.blocks = blocks
        self.method = method
        self.regularization = regularization
        self.tolerance = tolerance
        self.steps = steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.run = run
        self.progress = progress

    def fit(self, X: Any, y: Any = None, *, condition: Any = None) -> Any:
        """Trains the flow.

        Args:
            X: Points, of shape `(points, size)`.
            y: Not used.
            condition: Of shape `(points, condition)`: the law will be that of a point given its row.

        Returns:
            The estimator.

        Raises:
            ValueError: If a parameter is out of its range, or `X` is no table of finite numbers.
            DataError: If there is not a condition for each point.
        """
        del y
        points: Any = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        conditions = _conditions(condition, len(points))
        self.condition_size_ = conditions.shape[1]
        whole = np.concatenate([points, conditions], axis=1)
        deviations = whole.std(axis=0)
        self.center_, self.scale_ = whole.mean(axis=0), np.where(deviations > 0, deviations, 1.0)
        seed = self._seed()
        kept, held = self._parts(self._standardized(whole), seed)
        data = ArrayLoader(self._batch(kept), self.batch_size, seed=seed)
        options: dict[str, Any] = {}
        if len(held):
            looks = {"metric": FlowLikelihood(), "validate_every": max(1, self.steps // _LOOKS)}
            options = {"validation": self._batch(held), **looks}
        average = max(0.0, 1.0 - 1.0 / (_AVERAGED * self.steps))
        self._train(self._loss(), data, seed=seed, steps=self.steps, average=average or None, **options)
        return self

    def score_samples(self, X: Any, *, condition: Any = None) -> Float[np.ndarray, " points"]:
        """The logarithm of the density at each point, in the units of the data.

        Args:
            X: Points, of shape `(points, size)`.
            condition: Of shape `(points, condition)`, or one row for all, if it was fitted with one.

        Raises:
            NotFittedError: If it was not fitted.
            ValueError: If points are not as those that were fitted.
            DataError: If conditions are not.
        """
        check_is_fitted(self, "model_")
        points: Any = validate_data(self, X, dtype=np.float64, reset=False)
        rows = self._standardized(np.concatenate([points, self._known(condition, len(points))], axis=1))
        found = self._in_parts(_log_probs, rows)
        return found - np.log(self.scale_[: points.shape[1]]).sum()

    def score(  # pyright: ignore[reportIncompatibleMethodOverride] (scikit-learn's gives nothing)
        self, X: Any, y: Any = None, *, condition: Any = None
    ) -> float:
        """The mean of the logarithms of the densities at points; arguments as of `score_samples`, `y` is not used."""
        del y
        return float(self.score_samples(X, condition=condition).mean())

    def sample(
        self, n_samples: int = 1, *, condition: Any = None, random_state: Any = None
    ) -> Float[np.ndarray, "points size"]:
        """New points.

        Args:
            n_samples: How many.
            condition: Of shape `(n_samples, condition)`, or one row for all, if it was fitted with one.
            random_state: An integer makes them repeatable.

        Raises:
            NotFittedError: If it was not fitted.
            ValueError: If `n_samples` is less than one.
            DataError: If conditions are not as those that were fitted.
        """
        check_is_fitted(self, "model_")
        if n_samples < 1:
            raise ValueError(f"Got n_samples={n_samples}; at least one is wanted.")
        size = self.n_features_in_
        noise = check_random_state(random_state).normal(size=(n_samples, size))
        known = (self._known(condition, n_samples) - self.center_[size:]) / self.scale_[size:]
        found = self._in_parts(_decoded, np.concatenate([noise, known], axis=1))
        return found * self.scale_[:size] + self.center_[:size]

    def _blank(self, key: Array) -> ContinuousFlow:
        return ContinuousFlow(
            self.n_features_in_,
            condition_size=self.condition_size_,
            width=self.width,
            depth=self.depth,
            blocks=self.blocks,
            stepsize_controller=PIDController(rtol=self.tolerance, atol=self.tolerance),
            key=key,
        )

    def _told(self) -> dict[str, Any]:
        names = getattr(self, "feature_names_in_", None)
        return {
            "center": self.center_.tolist(),
            "scale": self.scale_.tolist(),
            "condition_size": self.condition_size_,
            "names": None if names is None else names.tolist(),
        }

    def _restored(self, told: dict[str, Any]) -> ContinuousFlow:
        self.center_, self.scale_ = np.array(told["center"]), np.array(told["scale"])
        self.condition_size_ = told["condition_size"]
        self.n_features_in_ = len(self.center_) - self.condition_size_
        if told["names"] is not None:
            self.feature_names_in_ = np.array(told["names"], object)
        return self._blank(jax.random.key(0))

    def _loss(self) -> FlowMatching | FlowLikelihood:
        if self.method == "matching":
            return FlowMatching()
        if self.method == "likelihood":
            return FlowLikelihood(kinetic=self.regularization, jacobian=self.regularization)
        raise ValueError(f"Got method={self.method!r}; 'matching' or 'likelihood' is wanted.")

    def _parts(self, rows: Float[np.ndarray, "points whole"], seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Those to learn from, and those that are held out."""
        if not 0 <= self.validation_fraction < 1:
            raise ValueError(
                f"Got validation_fraction={self.validation_fraction}; a share from 0 to below 1 is wanted."
            )
        count = min(_MOST_HELD, int(self.validation_fraction * len(rows)))
        order = np.random.default_rng(seed).permutation(len(rows))
        return rows[order[count:]], rows[order[:count]]

    def _standardized(self, rows: Float[np.ndarray, "points whole"]) -> Float[np.ndarray, "points whole"]:
        return (rows - self.center_) / self.scale_

    def _batch(self, rows: Float[np.ndarray, "points whole"]) -> Any:
        """Points, with their conditions if they have some."""
        x, condition = np.split(rows.astype(jnp.result_type(float)), [self.n_features_in_], axis=1)
        return (x, condition) if self.condition_size_ else x

    def _known(self, condition: Any, count: int) -> Float[np.ndarray, "points condition"]:
        """Conditions as those that were fitted, one for each point."""
        conditions = _conditions(condition, count)
        if conditions.shape[1] != self.condition_size_:
            raise DataError(
                f"Got conditions of {conditions.shape[1]} components; {self.condition_size_} are wanted, as in `fit`."
            )
        return conditions

    def _in_parts(self, of_points: Callable[..., Array], rows: Float[np.ndarray, "points whole"]) -> np.ndarray:
        """A function of the model, standardized points and conditions, for many of them."""
        found = []
        for first in range(0, len(rows), _AT_ONCE):
            batch = self._batch(rows[first : first + _AT_ONCE])
            x, condition = batch if self.condition_size_ else (batch, None)
            found.append(np.asarray(of_points(self.model_, x, condition), np.float64))
        return np.concatenate(found)


@eqx.filter_jit
def _log_probs(flow: ContinuousFlow, x: Array, condition: Array | None) -> Array:
    return jax.vmap(lambda x, condition: flow.log_prob(x, condition=condition))(x, condition)


@eqx.filter_jit
def _decoded(flow: ContinuousFlow, z: Array, condition: Array | None) -> Array:
    return jax.vmap(lambda z, condition: flow.decode(z, condition=condition))(z, condition)


def _conditions(condition: Any, count: int) -> Float[np.ndarray, "points condition"]:
    """A row for each point; of no components if there is no condition.

    Raises:
        DataError: If there is not one row, or one for each point.
    """
    if condition is None:
        return np.zeros((count, 0))
    rows = check_array(condition, dtype="float64", input_name="condition")
    if len(rows) not in {1, count}:
        raise DataError(f"Got {len(rows)} conditions and {count} points; one for all is wanted, or one for each.")
    return np.repeat(rows, count, axis=0) if len(rows) != count else rows
