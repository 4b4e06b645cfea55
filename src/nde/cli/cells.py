"""Times and numbers as cells of CSV files."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from nde.data import Clock, DataError
from nde.data.times.text import time_text


def time_texts(clock: Clock | None, ts: np.ndarray, series: int = 0) -> list[str]:
    """Times of a series as its file has them.

    Args:
        clock: The clock of a panel or table; none if times are those of the file.
        ts: The times.
        series: The index of the series.
    """
    if clock is None:
        return [exact(time) for time in ts]
    zone, times = clock.zone, clock.restore(ts, series)
    return [time_text(time) if zone is None else zone.text(time) for time in times]


def heads_of(series: str | None, time: str) -> list[str]:
    """The heads of the columns of series, if there are several, and times."""
    return [time] if series is None else [series, time]


def series_cells(column: str | None, name: Hashable) -> list[str]:
    """The cell that names the series of a row; none if there is no column of names."""
    return [] if column is None else [f"{name}"]


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
