"""Scores of predicted classes and numbers, as JSON can hold them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int

_LEAST = 1e-7
"""A class of less probability counts as one of this."""


def class_scores(
    truth: np.ndarray, probabilities: Float[np.ndarray, "series classes"], classes: np.ndarray
) -> dict[str, Any]:
    """Scores of the probabilities of classes.

    Args:
        truth: The class of each series; one that the model never saw counts as wrong, and not in the log loss.
        probabilities: Of each class.
        classes: Those that the model knows, in the order of the columns.

    Returns:
        `accuracy`; `balanced_accuracy`, the mean of the recalls; `log_loss`, the mean of minus the logarithm of the
        probability of the true class; `recall` of each class; `series`, how many there are.
    """
    right = classes[probabilities.argmax(axis=1)] == truth
    recall = {str(each): float(right[truth == each].mean()) for each in np.unique(truth).tolist()}
    known = np.isin(truth, classes)
    places = np.searchsorted(classes, truth[known])
    likely = np.clip(probabilities[known, places], _LEAST, 1.0)
    return {
        "accuracy": float(right.mean()),
        "balanced_accuracy": float(np.mean(list(recall.values()))),
        "log_loss": float(-np.log(likely).mean()) if known.any() else None,
        "recall": recall,
        "series": len(truth),
    }


def number_scores(truth: np.ndarray, predicted: np.ndarray) -> dict[str, Any]:
    """Scores of predicted numbers.

    Returns:
        `rmse`, the root mean squared error; `mae`, the mean absolute error; `r2`, the share of the variance that is
        explained, none if there is no variance; `series`, how many there are.
    """
    errors = np.asarray(predicted, float) - np.asarray(truth, float)
    variance = float(np.var(np.asarray(truth, float)))
    return {
        "rmse": float(np.sqrt(np.mean(errors**2))),
        "mae": float(np.mean(np.abs(errors))),
        "r2": 1 - float(np.mean(errors**2)) / variance if variance > 0 else None,
        "series": len(errors),
    }


def confusion_matrix(
    truth: np.ndarray, predicted: np.ndarray, labels: Sequence[Any]
) -> Int[np.ndarray, "truth predicted"]:
    """How many series of each class (rows) were predicted to be of each class (columns)."""
    place = {label: i for i, label in enumerate(labels)}
    matrix = np.zeros((len(labels), len(labels)), np.int64)
    for true, found in zip(truth.tolist(), predicted.tolist(), strict=True):
        matrix[place[true], place[found]] += 1
    return matrix
