"""Times on the wall clock of a time zone."""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Int

from nde.data.plural import pluralize
from nde.data.table import DataError

if TYPE_CHECKING:
    import pandas

_NEAR = 3 * 3600.0
"""Seconds between rows of the same change of the clock, at most."""


def to_utc(wall: np.ndarray, zone: str, name: str, owners: Int[np.ndarray, " rows"]) -> tuple[np.ndarray, list[str]]:
    """Convert times of a wall clock to UTC.

    Of the times in the hour that repeats at the end of summer time, those of a series belong to summer time until one
    of them is not later than the one before.

    Args:
        wall: The times.
        zone: The name of the time zone.
        name: The name of their column.
        owners: The series of each row.

    Returns:
        The times in UTC, and a note if the hour that repeats is among them.

    Raises:
        DataError: If a time does not exist: at the beginning of summer time, an hour is left out.
    """
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    index = pd.DatetimeIndex(wall)
    summer = np.ones(len(wall), bool)
    missing = _localized(index, zone, summer).isna()
    if missing.any():
        row = int(np.argmax(missing))
        raise DataError(
            f"Time column '{name}' has the time {index[row]} in row {row + 1}, which does not exist in {zone}: the "
            "clock was put forward. Correct it, or leave out --timezone."
        )
    early, late = (_localized(index, zone, flags) for flags in (summer, ~summer))
    twice = np.flatnonzero(early != late)
    summer[twice] = _are_first(wall, twice, owners)
    notes = []
    if twice.size:
        rows = pluralize(twice.size, "row")
        notes.append(
            f"{rows} in the hour that repeats at the end of summer time in {zone}: which of the two a row is in was "
            "taken from the order of rows."
        )
    return _localized(index, zone, summer).tz_convert("UTC").tz_localize(None).to_numpy(), notes


def _localized(index: "pandas.DatetimeIndex", zone: str, summer: Bool[np.ndarray, " rows"]) -> "pandas.DatetimeIndex":
    """Times in a zone; `NaT` for those that do not exist."""
    return index.tz_localize(zone, ambiguous=summer, nonexistent="NaT")


def _are_first(wall: np.ndarray, rows: Int[np.ndarray, " twice"], owners: Int[np.ndarray, " rows"]) -> list[bool]:
    """Whether each of the rows in a repeated hour is in its first half."""
    seconds = wall.astype("datetime64[ms]").astype(np.int64) / 1000
    last: dict[int, tuple[float, bool]] = {}
    first = []
    for row in rows:
        time, owner = float(seconds[row]), int(owners[row])
        before, summer = last.get(owner, (-np.inf, True))
        summer = time - before > _NEAR or before - time > _NEAR or (summer and time > before)
        last[owner] = (time, summer)
        first.append(summer)
    return first
