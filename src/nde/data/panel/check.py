"""Validation of panels."""

import numpy as np
from jaxtyping import Int

from nde.data.panel.rows import Rows
from nde.data.plural import pluralize
from nde.data.table import DataError


def check_rows(rows: Rows) -> None:
    """Check that rows, with numeric times, are those of a valid panel.

    Raises:
        DataError: If there is no series or no channel; a series has no row or no observation; times are not finite or
            do not increase; values are infinite; a name is repeated; or static features are not finite.
    """
    if not len(rows.lengths):
        raise DataError("Got a panel without series; expected at least one.")
    if not rows.channels:
        raise DataError("Got no channels; expected at least one column of measurements.")
    _check_names(rows)
    check_lengths(rows)
    _check_observations(rows)
    _check_times(rows)
    _check_values(rows)


def check_lengths(rows: Rows) -> None:
    """Check that each series has rows.

    Raises:
        DataError: If a series has none.
    """
    if (rows.lengths < 1).any():
        which = rows.ids[int(np.argmax(rows.lengths < 1))]
        raise DataError(f"Series {which!r} has no rows; leave it out.")


def _check_names(rows: Rows) -> None:
    for names in (rows.channels, rows.static_names):
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise DataError(f"The name '{twice}' stands for two columns; names must be unique.")


def _check_observations(rows: Rows) -> None:
    seen = np.add.reduceat((~np.isnan(rows.ys)).any(axis=1), _starts(rows))
    if (seen == 0).any():
        which = int(np.argmin(seen))
        length = pluralize(int(rows.lengths[which]), "row")
        raise DataError(f"Series {rows.ids[which]!r} has no observation in its {length}; leave it out.")


def _check_times(rows: Rows) -> None:
    ts = rows.times
    if not np.isfinite(ts).all():
        raise DataError(f"{_place(rows, int(np.argmin(np.isfinite(ts))))} has no finite time; every row must have one.")
    late = np.diff(ts, prepend=-np.inf) <= 0
    late[_starts(rows)] = False
    if late.any():
        row = int(np.argmax(late))
        what = "repeats the time" if ts[row] == ts[row - 1] else "goes back from"
        raise DataError(
            f"{_place(rows, row)} {what} {ts[row - 1]:.15g}; times must increase within a series. Sort the rows, and "
            "merge rows with the same time."
        )


def _check_values(rows: Rows) -> None:
    infinite = np.isinf(rows.ys)
    if infinite.any():
        row, channel = (int(i) for i in np.argwhere(infinite)[0])
        raise DataError(
            f"{_place(rows, row)} is infinite in channel '{rows.channels[channel]}'; use nan for missing values."
        )
    unknown = ~np.isfinite(rows.static)
    if unknown.any():
        series, feature = (int(i) for i in np.argwhere(unknown)[0])
        raise DataError(
            f"Series {rows.ids[series]!r} has no finite '{rows.static_names[feature]}'; static features cannot be "
            "missing. Fill in a typical value, and perhaps add a feature that indicates it."
        )


def _starts(rows: Rows) -> Int[np.ndarray, " series"]:
    return np.cumsum(rows.lengths) - rows.lengths


def _place(rows: Rows, row: int) -> str:
    starts = _starts(rows)
    series = int(np.searchsorted(starts, row, side="right")) - 1
    return f"Row {row - starts[series] + 1} of series {rows.ids[series]!r}"
