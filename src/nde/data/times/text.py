"""Times as text."""

from typing import Any

import numpy as np

from nde.data.times.durations import duration_text

_EXACT = 2.0**53
"""Up to here, doubles represent every whole number."""


def time_text(time: Any) -> str:
    """A number of as many digits as a double surely keeps, a duration, or a date without parts that say nothing.

    Whole numbers have all their digits.
    """
    if isinstance(time, np.timedelta64):
        return duration_text(time)
    if not isinstance(time, np.datetime64) and abs(time) < _EXACT and time == round(time):
        return f"{time:.0f}"
    if not isinstance(time, np.datetime64):
        return f"{time:.15g}"
    text = str(time.astype("datetime64[us]")).replace("T", " ").removesuffix(".000000")
    return text.removesuffix(" 00:00:00")
