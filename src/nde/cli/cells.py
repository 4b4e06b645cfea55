"""Times and numbers as cells of CSV files."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from nde.data import DataError


def time_text(time: Any) -> str:
    """A number of as many digits as a double surely keeps, or a date without parts that say nothing."""
    if not isinstance(time, np.datetime64):
        return f"{time:.15g}"
    text = str(time.astype("datetime64[us]")).replace("T", " ").removesuffix(".000000")
    return text.removesuffix(" 00:00:00")


def exact(value: Any) -> str:
    """A number as it was given or measured, with all its digits; empty if there is none."""
    return "" if np.isnan(value) else repr(float(value)).removesuffix(".0")


def rounded(value: Any, digits: int = 7) -> str:
    """A number that was predicted; empty if it is not finite."""
    return f"{value:.{digits}g}" if np.isfinite(value) else ""


def check_finite(values: np.ndarray, times: Sequence[str], advice: str = "Choose earlier times.") -> None:
    """Refuse predictions that are not finite.

    Args:
        values: The predictions, of shape `(times, …)`.
        times: The text of each time.
        advice: What to do about it.

    Raises:
        DataError: If a prediction is not finite.
    """
    wrong = ~np.isfinite(values.reshape(len(times), -1)).all(axis=1)
    if wrong.any():
        raise DataError(
            f"The prediction at time {times[int(np.argmax(wrong))]} is not finite: the solution of the model diverges, "
            f"or its solve needs too many steps. {advice}"
        )
