"""Predictions of classes and numbers that need no differential equation."""

from collections.abc import Callable
from typing import Any

import numpy as np

from nde.cli.panels.scores import class_scores, number_scores
from nde.data.panel import TimeSeries
from nde.estimators.folds import FOLDS, Folds
from nde.estimators.plain import Features
from nde.estimators.stacking import (
    FOREST,
    FREQUENCIES,
    LOGISTIC,
    MEAN,
    RIDGE,
    AbstractKind,
    Classes,
    Labeled,
    Numbers,
    best_fitting,
)
from nde.estimators.summary import summary_features

LINEAR = "linear model"
"""Logistic regression, or ridge regression, on features; its penalty is chosen by cross-validation."""
TREES = "random forest"
COMMON = "most common class"
_NAMES = {FREQUENCIES: COMMON, MEAN: MEAN, LOGISTIC: LINEAR, RIDGE: LINEAR, FOREST: TREES}


FeaturesOf = Callable[[TimeSeries], Features]


def class_baselines(
    train: TimeSeries, test: TimeSeries, features_of: FeaturesOf = summary_features
) -> dict[str, dict[str, Any]]:
    """The scores on a test part of the classes' shares, and of plain methods on features of the samples."""
    classes, codes = np.unique(targets_of(train), return_inverse=True)
    outputs = _outputs(Classes(len(classes)), train, codes, test, features_of)
    return {name: class_scores(targets_of(test), each, classes) for name, each in outputs.items()}


def number_baselines(
    train: TimeSeries, test: TimeSeries, features_of: FeaturesOf = summary_features
) -> dict[str, dict[str, Any]]:
    """The scores on a test part of the mean, and of plain methods on features of the samples."""
    targets = targets_of(train).astype(float)[:, None]
    center, scale = targets.mean(), targets.std() or 1.0
    outputs = _outputs(Numbers(1), train, (targets - center) / scale, test, features_of)
    return {name: number_scores(targets_of(test), each[:, 0] * scale + center) for name, each in outputs.items()}


def targets_of(panel: TimeSeries) -> np.ndarray:
    """The targets of a panel; empty if it has none."""
    return np.empty(0) if panel.targets is None else panel.targets


def _outputs(
    kind: AbstractKind, train: TimeSeries, targets: np.ndarray, test: TimeSeries, features_of: FeaturesOf
) -> dict[str, np.ndarray]:
    """What plain methods predict for a test part, by the names of the baselines."""
    series, features = Labeled(features_of(train), targets, np.ones(len(train))), features_of(test)
    splits = Folds.stratified(targets, FOLDS, 0).splits()
    found = {}
    for method, settings in kind.candidates(0).items():
        fitting = settings[0] if len(settings) == 1 else best_fitting(kind, settings, series, splits)[0]
        found[_NAMES[method]] = fitting(series.features, series.targets, series.weights)(features)
    return found
