"""Whether real and generated series can be told apart."""

import dataclasses
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from nde.data import DataError
from nde.data.panel import TimeSeries
from nde.metrics.bootstrap import Bootstrap, Weights, groups_of
from nde.metrics.estimate import Estimate
from nde.metrics.features import series_features
from nde.metrics.pair import some_of, two_panels


@dataclasses.dataclass(frozen=True)
class Discrimination:
    """How well real and generated series were told apart.

    Attributes:
        accuracy: The share that was told right, of series that the classifier had not seen; 0.5 is best.
        auc: The share of pairs of which the generated one had the higher score; 0.5 is best. `None` if the classifier
            has no scores.

    Example:
        See `real_against_fake`.
    """

    accuracy: Estimate
    auc: Estimate | None

    def __str__(self) -> str:
        return f"accuracy {self.accuracy}" + (f", area under the curve {self.auc}" if self.auc else "")


def real_against_fake(
    real: Any,
    fake: Any,
    *,
    classifier: Any = None,
    folds: int = 5,
    most: int = 1000,
    bootstrap: Bootstrap = Bootstrap(),
) -> Discrimination:
    """How well a classifier tells generated series from real ones: 0.5 if it cannot, 1 if it always can.

    It is trained on all folds but one and judged by that, in turn. The larger panel is drawn down to the size of the
    smaller, so that guessing gives 0.5.

    Args:
        real: A `nde.TimeSeries`, or arrays `(series, time, channels)`.
        fake: What was generated, likewise.
        classifier: What has `fit(panel, labels)` and `predict(panel)`, say `nde.estimators.NeuralCDEClassifier()`; it
            is cloned for each fold. By default randomized trees on `series_features`.
        folds: How many.
        most: Series of each panel, at most; of more some are drawn.
        bootstrap: How intervals are found. They hold for the classifiers that were trained, and do not say how those
            differ that are trained on other series: of one law, those of 95 % held 0.5 in 86 % of 80 trials.

    Returns:
        Accuracy and area under the curve.

    Raises:
        DataError: If panels have different channels, or fewer series than folds.
        ValueError: If there are fewer than two folds.

    Source: Lopez-Paz and Oquab, *Revisiting classifier two-sample tests* (2017), doi:10.48550/arXiv.1610.06545.

    Example:
        ```python
        import numpy as np
        from nde.metrics import real_against_fake

        walks = np.random.default_rng(0).normal(size=(80, 30)).cumsum(axis=1)
        print(real_against_fake(walks[:40], walks[40:] * 1.5))
        ```
    """
    if folds < 2:
        raise ValueError(f"Got {folds} folds; at least two are wanted, one to be judged by while the other trains.")
    first, second = two_panels(real, fake, least=folds)
    most = min(most, len(first), len(second))
    first, second = (some_of(panel, most, bootstrap.seed) for panel in (first, second))
    pooled = _of_both(first, second)
    labels = np.repeat([0, 1], [len(first), len(second)])
    parts = _folds(pooled, labels, folds, bootstrap.seed)
    if classifier is None:
        trees = ExtraTreesClassifier(200, min_samples_leaf=2, random_state=bootstrap.seed)
        said, scores = _held_out(series_features(pooled), labels, trees, parts)
    else:
        said, scores = _held_out(pooled, labels, classifier, parts)
    accuracy = bootstrap.estimate_of_two(_Accuracy(said == labels, len(first)), first.ids, second.ids)
    if scores is None:
        return Discrimination(accuracy, None)
    ranked = scores[labels == 1][None] - scores[labels == 0][:, None]
    wins = 0.5 * (1.0 + np.sign(ranked))
    area = bootstrap.estimate_of_two(
        lambda a, b: np.sum((_shares(a) @ wins) * _shares(b), axis=1), first.ids, second.ids
    )
    return Discrimination(accuracy, area)


@dataclasses.dataclass(frozen=True, eq=False)
class _Accuracy:
    """The mean of the shares of both panels."""

    right: Bool[np.ndarray, " series"]
    first: int

    def __call__(self, a: Weights, b: Weights) -> Float[np.ndarray, " draws"]:
        return 0.5 * (_shares(a) @ self.right[: self.first] + _shares(b) @ self.right[self.first :])


def _shares(weights: Weights) -> Weights:
    return weights / weights.sum(axis=1, keepdims=True)


def _of_both(first: TimeSeries, second: TimeSeries) -> TimeSeries:
    """Names of the two never mean the same series."""
    ids = (*(("real", name) for name in first.ids), *(("fake", name) for name in second.ids))
    return dataclasses.replace(TimeSeries.concatenate([first, second]), ids=ids)


def _held_out(
    pooled: Any, labels: Int[np.ndarray, " series"], classifier: Any, parts: list[Any]
) -> tuple[np.ndarray, Float[np.ndarray, " series"] | None]:
    """What is said of each series, and its score, by a classifier that has not seen it nor one of its name.

    Args:
        pooled: A panel, or a row of features for each series: what can be indexed by places.
        labels: 1 for what was generated.
        classifier: Is cloned.
        parts: Places to train with, and to be judged by.
    """
    said, scores = np.zeros(len(labels), np.int64), np.zeros(len(labels))
    scored = True
    for train, test in parts:
        fitted: Any = clone(classifier, safe=False)
        fitted.fit(pooled[train], labels[train])
        said[test] = np.asarray(fitted.predict(pooled[test]))
        score = _score(fitted, pooled[test])
        scored = scored and score is not None
        scores[test] = 0.0 if score is None else score
    return said, scores if scored else None


def _folds(pooled: TimeSeries, labels: Int[np.ndarray, " series"], folds: int, seed: int) -> list[Any]:
    groups = groups_of(pooled.ids)
    alone = groups.max() + 1 == len(pooled)
    for label, what in enumerate(("real", "generated")):
        names = len(set(groups[labels == label].tolist()))
        if names < folds:
            raise DataError(f"Got {names} names of {what} series for {folds} folds; one of each is wanted in a fold.")
    if alone:
        return list(StratifiedKFold(folds, shuffle=True, random_state=seed).split(labels, labels))
    return list(StratifiedGroupKFold(folds, shuffle=True, random_state=seed).split(labels, labels, groups))


def _score(fitted: Any, some: Any) -> np.ndarray | None:
    if hasattr(fitted, "predict_proba"):
        return np.asarray(fitted.predict_proba(some))[:, 1]
    if hasattr(fitted, "decision_function"):
        return np.asarray(fitted.decision_function(some))
    return None
