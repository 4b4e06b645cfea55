"""Rows of panels: the common form of all sources."""

import dataclasses
from collections.abc import Hashable, Iterable

import numpy as np
from jaxtyping import Float, Int

from nde.data.table import DataError


@dataclasses.dataclass(frozen=True, eq=False)
class Rows:
    """Rows of many series, concatenated.

    Attributes:
        ids: Ids of the series.
        lengths: Number of rows of each series.
        times: Times as in the source: numbers, dates or durations.
        ys: Values of the channels; `nan` for missing values.
        channels: Names of the channels.
        static: Static features of each series.
        static_names: Names of the static features.
        targets: Target of each series, or `None`.
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
    """An array of no features for each series."""
    return np.zeros((series, 0))


def check_count(name: str, given: int, series: int) -> None:
    """Check that there is one entry for each series.

    Raises:
        DataError: If there is not.
    """
    if given != series:
        raise DataError(f"Got {given} {name} for {series} series; expected one for each.")


def concatenate_times(times: Iterable[np.ndarray]) -> np.ndarray:
    """Concatenate the times of all series.

    Raises:
        DataError: If some are numbers and some are dates.
    """
    each = list(times)
    kinds = sorted({str(array.dtype) for array in each})
    try:
        return np.concatenate(each)
    except TypeError:
        raise DataError(f"Times of different series have dtypes {', '.join(kinds)}; all must have the same.") from None
