"""What the times of a panel are counted from, and in what."""

import dataclasses
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from nde.data.table import DataError

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
"""Units in which dates and durations are counted, by the names that pandas gives them."""


@dataclasses.dataclass(frozen=True, eq=False)
class Clock:
    """How the times of a panel become those of the data again.

    A time `t` of series `i` is the time `origins[i] + (start + step * t) * unit` of the data.

    Attributes:
        origins: What the times of each series are counted from, of shape `(series,)`: numbers, dates or durations.
        unit: What dates and durations are counted in: `"W"`, `"D"`, `"h"`, `"min"`, `"s"`, `"ms"`, `"us"` or `"ns"`;
            `None` for numbers.
        start: As above; not zero once times are normalized.
        step: Likewise; one before.

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

    def restore(self, ts: Any, series: int) -> np.ndarray:
        """Times of the panel as times of the data.

        Args:
            ts: Times of the panel, of any shape; those of a forecast, say.
            series: Which series they belong to, by its place in the panel.

        Returns:
            Numbers, dates or durations, as the data had; the latter two to the microsecond, and dates in UTC if they
            had a time zone.
        """
        elapsed = self.start + self.step * np.asarray(ts, np.float64)
        if self.unit is None:
            return self.origins[series] + elapsed
        microseconds = np.rint(elapsed * (UNITS[self.unit] / np.timedelta64(1, "us")))
        return self.origins[series] + microseconds.astype("timedelta64[us]")

    def of_series(self, places: Int[np.ndarray, " some"]) -> "Clock":
        """That of some of the series."""
        return dataclasses.replace(self, origins=self.origins[places])

    def rescaled(self, center: float, scale: float) -> "Clock":
        """That of the times `(t - center) / scale`."""
        return dataclasses.replace(self, start=self.start + self.step * center, step=self.step * scale)

    def agrees(self, other: "Clock") -> bool:
        """Whether both count in the same way, from origins that may differ."""
        mine, yours = ((c.unit, c.start, c.step, c.origins.dtype.kind) for c in (self, other))
        return mine == yours


def read_clock(
    times: np.ndarray, lengths: Int[np.ndarray, " series"], unit: str, since: Any
) -> tuple[Float[np.ndarray, " rows"], Clock]:
    """Times as numbers, and how they become again what they were.

    Args:
        times: Of all series, one after the other, each sorted: numbers, dates or durations.
        lengths: Of the series.
        unit: What dates and durations are counted in.
        since: `"series"`, `"panel"`, a number or date, or `None`: each date since the first of its series, numbers and
            durations as they are.

    Raises:
        DataError: If they are none of these, or the unit or `since` is unknown.
    """
    kind = times.dtype.kind
    if kind not in "fiuMm":
        raise DataError(
            f"Times are of the type {times.dtype}; numbers, dates or durations are wanted. Convert text with "
            "pandas.to_datetime or pandas.to_numeric."
        )
    if unit not in UNITS:
        raise DataError(f"Got the unit '{unit}' of time; one of {', '.join(UNITS)} is wanted.")
    if kind in "fiu":
        times = times.astype(np.float64)
    _check_finite(times)
    origins = _origins(times, lengths, since)
    elapsed = times - np.repeat(origins, lengths)
    if kind in "fiu":
        return elapsed, Clock(origins)
    return elapsed / UNITS[unit], Clock(origins, unit)


def _check_finite(times: np.ndarray) -> None:
    unknown = np.isnat(times) if times.dtype.kind in "Mm" else ~np.isfinite(times)
    if unknown.any():
        raise DataError(f"{np.count_nonzero(unknown)} times are missing or infinite; every row wants one.")


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
            f"Got since={since!r}; 'series', 'panel', or a time like those of the data ({times.dtype}) is wanted."
        ) from None
