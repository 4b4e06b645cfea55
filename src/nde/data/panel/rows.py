"""What every source of a panel is read into first."""

import dataclasses
import difflib
from collections.abc import Hashable, Iterable

import numpy as np
from jaxtyping import Float, Int

from nde.data.table import DataError


@dataclasses.dataclass(frozen=True, eq=False)
class Rows:
    """Rows of many series, one series after the other.

    Attributes:
        ids: What each series is called.
        lengths: How many rows each has.
        times: As they came: numbers, dates or durations.
        ys: The channels; `nan` for what was not observed.
        channels: What they are called.
        static: Features of each series.
        static_names: What they are called.
        targets: One for each series, if there are any.
    """

    ids: tuple[Hashable, ...]
    lengths: Int[np.ndarray, " series"]
    times: np.ndarray
    ys: Float[np.ndarray, "rows channels"]
    channels: tuple[str, ...]
    static: Float[np.ndarray, "series features"]
    static_names: tuple[str, ...] = ()
    targets: np.ndarray | None = None


def no_static(series: int) -> Float[np.ndarray, "series features"]:
    """No features of so many series."""
    return np.zeros((series, 0))


def did_you_mean(name: str, there: Iterable[str]) -> str:
    """What there is instead, the nearest first."""
    there = list(there)
    near = difflib.get_close_matches(name, there, n=1)
    hint = f"Did you mean '{near[0]}'? " if near else ""
    return f"{hint}There is: {', '.join(there)}."


def one_each(name: str, given: int, series: int) -> None:
    """Refuses a list that does not have one entry for each series.

    Raises:
        DataError: If so.
    """
    if given != series:
        raise DataError(f"Got {given} {name} for {series} series; one for each is wanted.")


def joined(times: Iterable[np.ndarray]) -> np.ndarray:
    """Times of all series, one after the other.

    Raises:
        DataError: If some are numbers and some dates.
    """
    each = list(times)
    kinds = sorted({str(array.dtype) for array in each})
    try:
        return np.concatenate(each)
    except TypeError:
        raise DataError(f"Times of different series are of the types {', '.join(kinds)}; all want the same.") from None
