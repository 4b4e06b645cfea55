"""What a panel must be."""

from typing import TYPE_CHECKING

import numpy as np

from nde.data.table import DataError

if TYPE_CHECKING:
    from nde.data.panel.time_series import TimeSeries


def check_panel(panel: "TimeSeries") -> None:
    """Refuses a panel that makes no sense.

    Raises:
        DataError: If there is no series; a series without a row or an observation; times that repeat, go back or are
            not finite; infinite values; a name twice; static features that are not finite.
    """
    if not len(panel.lengths):
        raise DataError("Got a panel without series; at least one is wanted.")
    if not panel.channels:
        raise DataError("Got no channels; at least one column of measurements is wanted.")
    _check_names(panel)
    _check_rows(panel)
    _check_times(panel)
    _check_values(panel)


def _check_names(panel: "TimeSeries") -> None:
    for names in (panel.channels, panel.static_names):
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise DataError(f"The name '{twice}' stands for two columns; each wants a name of its own.")


def _check_rows(panel: "TimeSeries") -> None:
    if (panel.lengths < 1).any():
        which = panel.ids[int(np.argmax(panel.lengths < 1))]
        raise DataError(f"Series {which!r} has no rows; leave it out.")
    seen = np.add.reduceat(panel.observed.any(axis=1), panel.starts)
    if (seen == 0).any():
        which = int(np.argmin(seen))
        raise DataError(
            f"Series {panel.ids[which]!r} has no observation in its {panel.lengths[which]} rows; leave it out."
        )


def _check_times(panel: "TimeSeries") -> None:
    ts = panel.ts
    if not np.isfinite(ts).all():
        raise DataError(f"{_place(panel, int(np.argmin(np.isfinite(ts))))} has no finite time; every row wants one.")
    late = np.diff(ts, prepend=-np.inf) <= 0
    late[panel.starts] = False
    if late.any():
        row = int(np.argmax(late))
        what = "repeats the time" if ts[row] == ts[row - 1] else "goes back from"
        raise DataError(
            f"{_place(panel, row)} {what} {ts[row - 1]:g}; times must increase within a series. Sort the rows, and "
            "merge those of the same time."
        )


def _check_values(panel: "TimeSeries") -> None:
    infinite = np.isinf(panel.ys)
    if infinite.any():
        row, channel = (int(i) for i in np.argwhere(infinite)[0])
        raise DataError(
            f"{_place(panel, row)} is infinite in channel '{panel.channels[channel]}'; take nan if it is a gap."
        )
    unknown = ~np.isfinite(panel.static)
    if unknown.any():
        series, feature = (int(i) for i in np.argwhere(unknown)[0])
        raise DataError(
            f"Series {panel.ids[series]!r} has no finite '{panel.static_names[feature]}'; static features have no "
            "gaps. Fill in a typical value, and perhaps a feature more that says so."
        )


def _place(panel: "TimeSeries", row: int) -> str:
    series = int(np.searchsorted(panel.starts, row, side="right")) - 1
    return f"Row {row - panel.starts[series] + 1} of series {panel.ids[series]!r}"
