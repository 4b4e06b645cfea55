"""Dates of tables as numbers."""

import dataclasses

import numpy as np
from jaxtyping import Float, Int

from nde.data.panel.clock import UNITS, Clock, read_clock
from nde.data.times.text import time_text
from nde.data.times.time_column import TimeColumn

_WORDS = {"D": "days", "h": "hours", "min": "minutes", "s": "seconds", "ms": "milliseconds", "us": "microseconds"}
"""Units of time, the longest first."""


def elapsed(
    times: TimeColumn, name: str, owners: Int[np.ndarray, " rows"] | None
) -> tuple[Float[np.ndarray, " rows"], Clock | None, list[str]]:
    """The times of a table as numbers: dates in the longest unit that is not longer than a typical step.

    Args:
        times: Numbers or dates.
        name: The name of their column.
        owners: The index of the series of each row; `None` if there is one series.

    Returns:
        The numbers; the clock that turns them into dates again, or `None`; and a note.
    """
    if times.values.dtype.kind != "M" or not len(times.values):
        return times.values.astype(np.float64), None, []
    unit = _unit(times.values, owners)
    ts, clock = read_clock(times.values, np.array([len(times.values)]), unit, "panel")
    note = f"Time column '{name}' has dates: they are counted in {_WORDS[unit]} since {time_text(clock.origins[0])}."
    return ts, dataclasses.replace(clock, zone=times.zone), [note]


def _unit(times: np.ndarray, owners: Int[np.ndarray, " rows"] | None) -> str:
    steps = np.diff(times)
    steps = steps[steps > np.timedelta64(0, "us")] if owners is None else steps[np.diff(owners) == 0]
    usual = np.median(np.abs(steps) / np.timedelta64(1, "us")) if steps.size else np.inf
    return next((unit for unit in _WORDS if UNITS[unit] / np.timedelta64(1, "us") <= usual), "us")
