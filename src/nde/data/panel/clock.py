"""Conversion between the times of a panel and those of the data."""

import dataclasses
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from nde.data.table import DataError
from nde.data.times.long_numbers import as_doubles
from nde.data.times.zone import Zone

UNITS = {
    "W": np.timedelta64(7, "D"),
    "D": np.timedelta64(1, "D"),
    "h": np.timedelta64(1, "h"),
    "min": np.timedelta64(1, "m"),
    "s": np.timedelta64(1, "s"),
    "ms": np.timedelta64(1, "ms"),
    "us": np.timedelta64(1, "us"),
    "ns": np.timedelta64(1, "ns"),
}
"""Units for dates and durations, by their names in pandas."""


@dataclasses.dataclass(frozen=True, eq=False)
class Clock:
    """Conversion of the times of a panel back to those of the data.

    Time `t` of series `i` is time `origins[i] + (start + step * t) * unit` in the data.

    Attributes:
        origins: Origin of the times of each series, of shape `(series,)`: numbers, dates or durations.
        unit: Unit for dates and durations: `"W"`, `"D"`, `"h"`, `"min"`, `"s"`, `"ms"`, `"us"` or `"ns"`; `None` for
            numbers.
        start: Offset from normalization of times; 0 without.
        step: Scale from normalization of times; 1 without.
        zone: The offsets from UTC of dates that had some in a file.

    Example:
        ```python
        import numpy as np
        from nde.data import Clock

        clock = Clock(np.array(["2020-01-01"], "datetime64[s]"), unit="D")
        print(clock.restore(np.array([0.0, 1.5]), series=0))
        ```
    """

    origins: np.ndarray
    unit: str | None = None
    start: float = 0.0
    step: float = 1.0
    zone: Zone | None = None

    def restore(self, ts: Any, series: int) -> np.ndarray:
        """Convert times of the panel to times of the data.

        Args:
            ts: Times of the panel, of any shape; for example, those of a forecast.
            series: Index of their series in the panel.

        Returns:
            Numbers, dates or durations, as in the data. Dates and durations are rounded to microseconds; dates are in
            UTC if the data had a time zone.
        """
        elapsed = self.start + self.step * np.asarray(ts, np.float64)
        if self.unit is None:
            return self.origins[series] + elapsed
        microsecond, origin = np.timedelta64(1, "us"), self.origins[series]
        whole = origin.astype(f"{origin.dtype.kind}8[us]")
        # The origin may have nanoseconds: they are part of what is rounded.
        rest = (origin - whole) / microsecond
        microseconds = np.rint(rest + elapsed * (UNITS[self.unit] / microsecond))
        return whole + microseconds.astype("timedelta64[us]")

    def of_series(self, places: Int[np.ndarray, " some"]) -> "Clock":
        """The clock of some of the series."""
        return dataclasses.replace(self, origins=self.origins[places])

    def rescaled(self, center: float, scale: float) -> "Clock":
        """The clock of the times `(t - center) / scale`."""
        return dataclasses.replace(self, start=self.start + self.step * center, step=self.step * scale)

    def agrees(self, other: "Clock") -> bool:
        """Whether both have the same unit, start and step; origins may differ."""
        mine, yours = ((c.unit, c.start, c.step, c.origins.dtype.kind) for c in (self, other))
        return mine == yours


def read_clock(
    times: np.ndarray, lengths: Int[np.ndarray, " series"], unit: str, since: Any
) -> tuple[Float[np.ndarray, " rows"], Clock]:
    """Convert times to numbers, with a clock to convert them back.

    Args:
        times: Times of all series, concatenated and sorted within each series: numbers, dates or durations.
        lengths: Lengths of the series.
        unit: Unit for dates and durations.
        since: `"series"`, `"panel"`, a number, date or duration, or `None`: dates since the first of their series, and
            numbers and durations unchanged.

    Raises:
        DataError: If times are none of these, or `unit` or `since` is unknown.
    """
    kind = times.dtype.kind
    if kind not in "fiuMm":
        raise DataError(
            f"Times have dtype {times.dtype}; expected numbers, dates or durations. Convert text with "
            "pandas.to_datetime or pandas.to_numeric."
        )
    if unit not in UNITS:
        raise DataError(f"unit must be one of {', '.join(UNITS)}; got '{unit}'.")
    if kind in "fiu":
        times = as_doubles(times)
    _check_finite(times)
    origins = _origins(times, lengths, since)
    elapsed = times - np.repeat(origins, lengths)
    if kind in "fiu":
        return elapsed, Clock(origins)
    return elapsed / UNITS[unit], Clock(origins, unit)


def _check_finite(times: np.ndarray) -> None:
    unknown = np.isnat(times) if times.dtype.kind in "Mm" else ~np.isfinite(times)
    if unknown.any():
        raise DataError(f"{np.count_nonzero(unknown)} times are missing or infinite; every row must have a time.")


def _origins(times: np.ndarray, lengths: Int[np.ndarray, " series"], since: Any) -> np.ndarray:
    kind, series = times.dtype.kind, len(lengths)
    if since is None:
        since = "series" if kind == "M" else 0
    if isinstance(since, str) and since == "series":
        return times[np.cumsum(lengths) - lengths]
    if isinstance(since, str) and since == "panel":
        return np.full(series, times.min())
    try:
        return np.full(series, np.array(since).astype(times.dtype))
    except (TypeError, ValueError):
        raise DataError(
            f"since must be 'series', 'panel', or a time like those of the data ({times.dtype}); got {since!r}."
        ) from None
