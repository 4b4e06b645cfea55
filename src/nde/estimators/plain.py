"""Plain methods on summary features: constants, linear models, and random forests."""

import base64
import dataclasses
import io
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int

from nde.estimators.mixture import softmax

Features = Float[np.ndarray, "series features"]
Outputs = Float[np.ndarray, "series output"]
_CLIP = 10.0
"""Features farther from the mean, in standard deviations, are moved to this distance."""
_TREES = 200
_LEAVES = 500
_MAX_ITER = 500


@dataclasses.dataclass(frozen=True, eq=False)
class LinearMap:
    """A linear function of standardized features, or the softmax of one; a feature that is missing is the mean.

    Attributes:
        center: Mean of each feature.
        scale: Standard deviation of each feature.
        slope: The coefficients.
        offset: The intercept of each output.
        classes: Whether outputs are probabilities.
    """

    center: Float[np.ndarray, " features"]
    scale: Float[np.ndarray, " features"]
    slope: Float[np.ndarray, "features output"]
    offset: Float[np.ndarray, " output"]
    classes: bool

    def __call__(self, features: Features) -> Outputs:
        """The outputs."""
        values = standardize(features, self.center, self.scale) @ self.slope + self.offset
        return softmax(values) if self.classes else values


@dataclasses.dataclass(frozen=True, eq=False)
class Forest:
    """The mean of decision trees.

    Attributes:
        roots: The root of each tree, a place among all nodes.
        feature: The feature that a node looks at; -1 in leaves.
        threshold: A series goes left if the feature is not greater.
        left: The next node on the left.
        right: The next node on the right.
        value: The output of each node.
        center: What a missing feature is.
    """

    roots: Int[np.ndarray, " trees"]
    feature: Int[np.ndarray, " nodes"]
    threshold: Float[np.ndarray, " nodes"]
    left: Int[np.ndarray, " nodes"]
    right: Int[np.ndarray, " nodes"]
    value: Float[np.ndarray, "nodes output"]
    center: Float[np.ndarray, " features"]

    def __call__(self, features: Features) -> Outputs:
        """The outputs."""
        filled = np.where(np.isnan(features), self.center, features).astype(np.float32)
        rows = np.arange(len(filled))[:, None]
        nodes = np.tile(self.roots, (len(filled), 1))
        while (inner := self.feature[nodes] >= 0).any():
            goes_left = filled[rows, self.feature[nodes]] <= self.threshold[nodes]
            nodes = np.where(inner, np.where(goes_left, self.left[nodes], self.right[nodes]), nodes)
        return self.value[nodes].mean(axis=1)


Predictor = LinearMap | Forest
Fitting = Callable[[Features, np.ndarray, Float[np.ndarray, " series"]], Predictor]
"""A function of features, targets and weights of series."""


def standardize(
    features: Features, center: Float[np.ndarray, " features"], scale: Float[np.ndarray, " features"]
) -> Features:
    """Features by mean and deviation, without extremes."""
    return np.clip(np.nan_to_num((features - center) / scale), -_CLIP, _CLIP)


def moments(features: Features) -> tuple[Float[np.ndarray, " features"], Float[np.ndarray, " features"]]:
    """Mean and standard deviation of each feature; a feature that does not vary has a deviation of one."""
    known = ~np.isnan(features)
    count = np.maximum(known.sum(axis=0), 1)
    center = np.where(known, features, 0.0).sum(axis=0) / count
    deviation = np.sqrt((np.where(known, features - center, 0.0) ** 2).sum(axis=0) / count)
    return center, np.where(deviation > 1e-12 * np.maximum(1.0, np.abs(center)), deviation, 1.0)


def constant(size: int, classes: bool) -> Callable[..., LinearMap]:
    """The shares of the classes, or the mean."""

    def fit(features: Features, targets: np.ndarray, weights: Float[np.ndarray, " series"]) -> LinearMap:
        center, scale = moments(features)
        zero = np.zeros((features.shape[1], size))
        if not classes:
            return LinearMap(center, scale, zero, np.average(targets, axis=0, weights=weights), classes)
        counts = np.bincount(targets, weights, size) + 0.5 * weights.mean()
        return LinearMap(center, scale, zero, np.log(counts / counts.sum()), classes)

    return fit


def logistic(size: int, strength: float) -> Fitting:
    """A logistic regression with a penalty, which is stronger the less `strength` is."""

    def fit(features: Features, targets: np.ndarray, weights: Float[np.ndarray, " series"]) -> LinearMap:
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 (takes long to import)

        found = np.unique(targets)
        if len(found) < 2:
            return constant(size, True)(features, targets, weights)
        center, scale = moments(features)
        with warnings.catch_warnings():
            # That it did not converge to the last digit does not matter here.
            warnings.simplefilter("ignore")
            model = LogisticRegression(C=strength, max_iter=_MAX_ITER)
            model.fit(standardize(features, center, scale), targets, weights)
        coefficients, intercepts = np.asarray(model.coef_).T, np.asarray(model.intercept_)
        if len(found) == 2:
            coefficients = np.concatenate([np.zeros_like(coefficients), coefficients], axis=1)
            intercepts = np.concatenate([[0.0], intercepts])
        slope, offset = np.zeros((features.shape[1], size)), np.full(size, intercepts.min() - 10.0)
        slope[:, found], offset[found] = coefficients, intercepts
        return LinearMap(center, scale, slope, offset, True)

    return fit


def ridge(penalty: float) -> Fitting:
    """A ridge regression."""

    def fit(features: Features, targets: np.ndarray, weights: Float[np.ndarray, " series"]) -> LinearMap:
        from sklearn.linear_model import Ridge  # noqa: PLC0415 (takes long to import)

        center, scale = moments(features)
        model = Ridge(penalty).fit(standardize(features, center, scale), targets, weights)
        slope = np.asarray(model.coef_).reshape(targets.shape[1], -1).T
        return LinearMap(center, scale, slope, np.atleast_1d(model.intercept_), False)

    return fit


def forest(size: int, classes: bool, seed: int, features: float | Literal["sqrt"], leaf: int = 1) -> Fitting:
    """A random forest.

    Args:
        size: The number of classes or of numbers.
        classes: Whether outputs are probabilities.
        seed: The seed of its trees.
        features: How many features a split may choose from: a share of them, or their square root.
        leaf: The least number of series in a leaf; more if there are many series.
    """

    def fit(x: Features, targets: np.ndarray, weights: Float[np.ndarray, " series"]) -> Forest:
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor  # noqa: PLC0415 (takes long)

        center, _ = moments(x)
        settings: dict[str, Any] = {
            "n_estimators": _TREES,
            "min_samples_leaf": max(leaf, len(x) // _LEAVES),
            "max_features": features,
            "random_state": seed % 2**32,
        }
        model: Any = RandomForestClassifier(**settings) if classes else RandomForestRegressor(**settings)
        model.fit(np.where(np.isnan(x), center, x), targets if classes else np.squeeze(targets), weights)
        trees = [tree.tree_ for tree in model.estimators_]
        counts = np.array([tree.node_count for tree in trees])
        roots = np.concatenate([[0], np.cumsum(counts)[:-1]])
        values = np.concatenate([tree.value for tree in trees])
        value = np.zeros((len(values), size))
        if classes:
            shares = values[:, 0] / values[:, 0].sum(axis=1, keepdims=True)
            value[:, model.classes_] = shares
        else:
            value[:] = values[:, :, 0]
        return Forest(
            roots=roots,
            feature=np.concatenate([tree.feature for tree in trees]).clip(-1).astype(np.int64),
            threshold=np.concatenate([tree.threshold for tree in trees]),
            left=_places([tree.children_left for tree in trees], roots),
            right=_places([tree.children_right for tree in trees], roots),
            value=value,
            center=center,
        )

    return fit


def _places(children: list[np.ndarray], roots: Int[np.ndarray, " trees"]) -> Int[np.ndarray, " nodes"]:
    """The places of children among the nodes of all trees."""
    moved = [own + root for own, root in zip(children, roots, strict=True)]
    return np.concatenate(moved, dtype=np.int64)


def to_text(predictor: Predictor) -> dict[str, str]:
    """A predictor for JSON: its kind, and its arrays as a compressed archive in base 64."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **dataclasses.asdict(predictor))
    return {"kind": type(predictor).__name__, "arrays": base64.b64encode(buffer.getvalue()).decode()}


def from_text(saved: Mapping[str, str]) -> Predictor:
    """Restore a predictor from `to_text`."""
    kind: Any = {"LinearMap": LinearMap, "Forest": Forest}[saved["kind"]]
    with np.load(io.BytesIO(base64.b64decode(saved["arrays"]))) as arrays:
        fields = {name: arrays[name] for name in arrays.files}
    return kind(**{name: bool(value) if name == "classes" else value for name, value in fields.items()})
