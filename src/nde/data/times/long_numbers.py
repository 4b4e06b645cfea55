"""Times that are whole numbers with more digits than a double has, such as nanoseconds since 1970."""

from collections.abc import Sequence

import numpy as np

from nde.data.numbers import shown
from nde.data.table import DataError

_DIGITS = 19
"""Digits of nanoseconds since 1970, from 2001 to 2262."""
_EXACT = 2**53
"""Up to here, doubles represent every whole number."""


def unix_nanoseconds(texts: Sequence[str]) -> np.ndarray | None:
    """Dates of nanoseconds since 1970, or `None` if some are something else."""
    if not texts or not all(len(text) == _DIGITS and text.isascii() and text.isdigit() for text in texts):
        return None
    numbers = [int(text) for text in texts]
    return np.array(numbers, "datetime64[ns]") if max(numbers) <= np.iinfo(np.int64).max else None


def rounded_number(texts: Sequence[str]) -> str | None:
    """A whole number that is not the same as a double, as error messages show it, or `None` if there is none."""
    found = (text for text in texts if len(text) > len(str(_EXACT)) - 1 and text.lstrip("+-").isdigit())
    return next((shown(text) for text in found if int(float(text)) != int(text)), None)


def as_doubles(times: np.ndarray) -> np.ndarray:
    """Numbers as doubles.

    Raises:
        DataError: If a whole number has more digits than a double.
    """
    doubles = times.astype(np.float64)
    if times.dtype.kind in "iu" and (np.abs(doubles) > _EXACT).any():
        text = rounded_number([str(time) for time in times.tolist()])
        if text is not None:
            raise DataError(
                f"Times such as {text} have more digits than a double; convert nanoseconds since 1970 to dates with "
                "pandas.to_datetime, or subtract the first time from all."
            )
    return doubles
