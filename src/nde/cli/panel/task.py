"""What a target is: classes or numbers."""

import numpy as np

from nde.cli.panel.names import CLASSES, NUMBERS
from nde.data import DataError

_MOST_CLASSES = 20
_LEAST_SERIES = 3
"""Of a class, on average, if whole numbers are to be classes."""


def task_of(targets: np.ndarray, column: str, asked: str | None) -> tuple[str, list[str]]:
    """Whether targets are classes or numbers, and what is said about it.

    Text is classes. So are whole numbers, if there are two, or at most 20 of which at least three series each have one
    on average. All else is numbers.

    Args:
        targets: Of all series.
        column: What they are called.
        asked: What they are to be, if that was said.

    Raises:
        DataError: If all are the same, or text is to be numbers.
    """
    values = np.unique(targets)
    if len(values) < 2:
        raise DataError(f"Target '{column}' is '{values[0]}' for all {len(targets)} series; there is nothing to learn.")
    text = targets.dtype.kind not in "iuf"
    if asked == NUMBERS and text:
        raise DataError(f"Target '{column}' has the text '{values[0]}'; --task {NUMBERS} wants numbers.")
    if asked is not None:
        return asked, []
    if text:
        return CLASSES, []
    if not _are_classes(targets, len(values)):
        return NUMBERS, [f"Target '{column}' is taken as numbers; --task {CLASSES} takes each as a class."]
    return CLASSES, [
        f"Target '{column}' has {len(values)} different whole numbers, taken as classes; --task {NUMBERS} takes them "
        "as numbers."
    ]


def _are_classes(targets: np.ndarray, values: int) -> bool:
    whole = targets.dtype.kind in "iu"
    return whole and (values == 2 or (values <= _MOST_CLASSES and len(targets) >= _LEAST_SERIES * values))
