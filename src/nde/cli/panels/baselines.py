"""Predictions of classes and numbers that need no differential equation."""

import warnings
from typing import Any

import numpy as np
from jaxtyping import Float

from nde.cli.panels.scores import class_scores, number_scores
from nde.data.panel import TimeSeries

LINEAR = "linear model of summaries"
"""Logistic regression, or ridge regression, on mean, deviation, first and last value of each channel."""
COMMON, MEAN = "most common class", "mean"


def class_baselines(train: TimeSeries, test: TimeSeries) -> dict[str, dict[str, Any]]:
    """The scores on a test part of the classes' shares, and of a logistic regression on summaries of the series."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 (takes long to import)

    targets, truth = targets_of(train), targets_of(test)
    x, x_test = _standardize(_summaries(train), _summaries(test))
    classes, counts = np.unique_counts(targets)
    shares = np.tile(counts / counts.sum(), (len(truth), 1))
    with warnings.catch_warnings():
        # That it did not converge to the last digit does not matter here.
        warnings.simplefilter("ignore")
        probabilities = LogisticRegression(max_iter=1000).fit(x, targets).predict_proba(x_test)
    return {COMMON: class_scores(truth, shares, classes), LINEAR: class_scores(truth, probabilities, classes)}


def number_baselines(train: TimeSeries, test: TimeSeries) -> dict[str, dict[str, Any]]:
    """The scores on a test part of the mean, and of a ridge regression on summaries of the series."""
    from sklearn.linear_model import Ridge  # noqa: PLC0415 (takes long to import)

    targets, truth = targets_of(train).astype(float), targets_of(test)
    x, x_test = _standardize(_summaries(train), _summaries(test))
    constant = np.full(len(truth), targets.mean())
    return {
        MEAN: number_scores(truth, constant),
        LINEAR: number_scores(truth, Ridge().fit(x, targets).predict(x_test)),
    }


def targets_of(panel: TimeSeries) -> np.ndarray:
    """The targets of a panel; empty if it has none."""
    return np.empty(0) if panel.targets is None else panel.targets


def _summaries(panel: TimeSeries) -> Float[np.ndarray, "series features"]:
    """Mean, deviation, first and last value of each channel, and the static features; `nan` where there is none."""
    rows = []
    for series in panel:
        parts = [series.static]
        for values in series.ys.T:
            known = values[~np.isnan(values)]
            parts.append(np.array([known.mean(), known.std(), known[0], known[-1]] if known.size else [np.nan] * 4))
        rows.append(np.concatenate(parts))
    return np.stack(rows)


def _standardize(
    train: Float[np.ndarray, "train features"], test: Float[np.ndarray, "test features"]
) -> tuple[Float[np.ndarray, "train features"], Float[np.ndarray, "test features"]]:
    """Both by mean and deviation of those that train; what is not known is the mean."""
    known = ~np.isnan(train)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, train, 0.0).sum(axis=0) / count
    deviation = np.sqrt((np.where(known, train - mean, 0.0) ** 2).sum(axis=0) / count)
    scale = np.where(deviation > 0, deviation, 1.0)
    return np.nan_to_num((train - mean) / scale), np.nan_to_num((test - mean) / scale)
