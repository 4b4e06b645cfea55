"""What a model has to beat: predictions that need no differential equation."""

import warnings
from typing import Any

import numpy as np
from jaxtyping import Float

from nde.cli.panel.names import CLASSES
from nde.cli.panel.scores import class_scores, number_scores
from nde.data.panel import TimeSeries

SIMPLE = "linear model of summaries"
"""Logistic regression, or ridge regression, on mean, deviation, first and last value of each channel."""
COMMON, MEAN = "most common class", "mean"


def baselines(train: TimeSeries, test: TimeSeries, task: str) -> dict[str, dict[str, Any]]:
    """The scores on a test part of what is the same for all series, and of a linear model of summaries of each."""
    ours, theirs = _targets(train), _targets(test)
    x, y = _standardized(_summaries(train), _summaries(test))
    if task != CLASSES:
        constant = np.full(len(theirs), ours.astype(float).mean())
        return {MEAN: number_scores(theirs, constant), SIMPLE: number_scores(theirs, _ridge(x, ours, y))}
    classes, counts = np.unique_counts(ours)
    shares = np.tile(counts / counts.sum(), (len(theirs), 1))
    return {
        COMMON: class_scores(theirs, shares, classes),
        SIMPLE: class_scores(theirs, _logistic(x, ours, y), classes),
    }


def _summaries(panel: TimeSeries) -> Float[np.ndarray, "series features"]:
    """Mean, deviation, first and last value of each channel, and the static features; `nan` where there is none."""
    rows = []
    for series in panel:
        parts = [series.static]
        for values in series.ys.T:
            known = values[~np.isnan(values)]
            told = [known.mean(), known.std(), known[0], known[-1]] if known.size else [np.nan] * 4
            parts.append(np.array(told))
        rows.append(np.concatenate(parts))
    return np.stack(rows)


def _standardized(
    train: Float[np.ndarray, "train features"], test: Float[np.ndarray, "test features"]
) -> tuple[Float[np.ndarray, "train features"], Float[np.ndarray, "test features"]]:
    """By mean and deviation of those that train; what is not known is the mean."""
    known = ~np.isnan(train)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, train, 0.0).sum(axis=0) / count
    deviation = np.sqrt((np.where(known, train - mean, 0.0) ** 2).sum(axis=0) / count)
    scale = np.where(deviation > 0, deviation, 1.0)
    return np.nan_to_num((train - mean) / scale), np.nan_to_num((test - mean) / scale)


def _logistic(x: np.ndarray, targets: np.ndarray, y: np.ndarray) -> Float[np.ndarray, "series classes"]:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 (takes long to import)

    with warnings.catch_warnings():
        # That it did not converge to the last digit does not matter here.
        warnings.simplefilter("ignore")
        return LogisticRegression(max_iter=1000).fit(x, targets).predict_proba(y)


def _ridge(x: np.ndarray, targets: np.ndarray, y: np.ndarray) -> Float[np.ndarray, " series"]:
    from sklearn.linear_model import Ridge  # noqa: PLC0415 (takes long to import)

    return Ridge().fit(x, targets.astype(float)).predict(y)


def _targets(panel: TimeSeries) -> np.ndarray:
    return np.empty(0) if panel.targets is None else panel.targets
