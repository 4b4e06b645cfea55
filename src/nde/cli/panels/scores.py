"""Scores of predicted classes and numbers, as JSON can hold them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

_LEAST = 1e-7
"""A class of less probability counts as one of this."""
_SAMPLES = 2000
"""Bootstrap samples."""
_ENDS = (0.025, 0.975)


def class_scores(
    truth: np.ndarray, probabilities: Float[np.ndarray, "series classes"], classes: np.ndarray
) -> dict[str, Any]:
    """Scores of the probabilities of classes.

    Args:
        truth: The class of each series; one that the model never saw counts as wrong, and not in the log loss.
        probabilities: Of each class.
        classes: Those that the model knows, in the order of the columns.

    Returns:
        `accuracy`; `accuracy_interval`, its interval of 95%; `balanced_accuracy`, the mean of the recalls; `log_loss`,
        the mean of minus the logarithm of the probability of the true class; `brier`, the Brier score, between 0 and 1
        for two classes and 2 for more; `auc`, the area under the ROC curve, for more than two classes the mean of the
        areas of each against the rest, none if there is a single class; `recall` of each class; `series`, how many
        there are.
    """
    right = classes[probabilities.argmax(axis=1)] == truth
    recall = {str(each): float(right[truth == each].mean()) for each in np.unique(truth).tolist()}
    return {
        "accuracy": float(right.mean()),
        "accuracy_interval": accuracy_interval(right),
        "balanced_accuracy": float(np.mean(list(recall.values()))),
        "log_loss": mean_log_loss(truth, probabilities, classes),
        "brier": brier_score(truth, probabilities, classes),
        "auc": roc_auc(truth, probabilities, classes),
        "recall": recall,
        "series": len(truth),
    }


def mean_log_loss(
    truth: np.ndarray, probabilities: Float[np.ndarray, "series classes"], classes: np.ndarray
) -> float | None:
    """The mean of minus the logarithm of the probability of the true class; none if the model knows no such class."""
    known = np.isin(truth, classes)
    places = np.searchsorted(classes, truth[known])
    likely = np.clip(probabilities[known, places], _LEAST, 1.0)
    return float(-np.log(likely).mean()) if known.any() else None


def number_scores(truth: np.ndarray, predicted: np.ndarray) -> dict[str, Any]:
    """Scores of predicted numbers.

    Returns:
        `rmse`, the root mean squared error; `rmse_interval`, its interval of 95%; `mae`, the mean
        absolute error; `r2`, the share of the variance that is explained, none if there is no variance; `series`, how
        many there are.
    """
    errors = np.asarray(predicted, float) - np.asarray(truth, float)
    variance = float(np.var(np.asarray(truth, float)))
    return {
        "rmse": float(np.sqrt(np.mean(errors**2))),
        "rmse_interval": rmse_interval(errors),
        "mae": float(np.mean(np.abs(errors))),
        "r2": 1 - float(np.mean(errors**2)) / variance if variance > 0 else None,
        "series": len(errors),
    }


def brier_score(truth: np.ndarray, probabilities: Float[np.ndarray, "series classes"], classes: np.ndarray) -> float:
    """The mean squared error of the probabilities, summed over classes, and halved if there are two."""
    squares = ((probabilities - (truth[:, None] == classes[None])) ** 2).sum(axis=1)
    unknown = ~np.isin(truth, classes)
    return float(np.mean(squares + unknown) / (2 if len(classes) == 2 else 1))


def roc_auc(truth: np.ndarray, probabilities: Float[np.ndarray, "series classes"], classes: np.ndarray) -> float | None:
    """The area under the ROC curve, a mean over classes of which there are series and others."""
    from scipy.stats import rankdata  # noqa: PLC0415 (takes long to import)

    areas = []
    for place, each in enumerate(classes.tolist()):
        own = truth == each
        if own.any() and not own.all():
            ranks, count = rankdata(probabilities[:, place]), own.sum()
            areas.append((ranks[own].sum() - count * (count + 1) / 2) / (count * (~own).sum()))
    return float(np.mean(areas)) if areas else None


def accuracy_interval(right: Bool[np.ndarray, " series"]) -> list[float]:
    """The interval of 95% of a share, by a bootstrap over series.

    If all are right or all are wrong, all bootstrap samples are the same. Then one end is the share at which this has a
    chance of 2.5%.
    """
    count, share = len(right), float(right.mean())
    least = 0.025 ** (1 / count)
    if share in {0.0, 1.0}:
        return [least, 1.0] if share else [0.0, 1 - least]
    drawn = np.random.default_rng(0).binomial(count, share, _SAMPLES) / count
    return [float(end) for end in np.quantile(drawn, _ENDS)]


def rmse_interval(errors: Float[np.ndarray, " series"]) -> list[float]:
    """The interval of 95% of the root mean squared error, by a bootstrap over series."""
    random, squares = np.random.default_rng(0), errors**2
    drawn = [np.sqrt(random.choice(squares, len(squares)).mean()) for _ in range(_SAMPLES)]
    return [float(end) for end in np.quantile(drawn, _ENDS)]


def confusion_matrix(
    truth: np.ndarray, predicted: np.ndarray, labels: Sequence[Any]
) -> Int[np.ndarray, "truth predicted"]:
    """How many series of each class (rows) were predicted to be of each class (columns)."""
    place = {label: i for i, label in enumerate(labels)}
    matrix = np.zeros((len(labels), len(labels)), np.int64)
    for true, found in zip(truth.tolist(), predicted.tolist(), strict=True):
        matrix[place[true], place[found]] += 1
    return matrix
