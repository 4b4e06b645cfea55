"""The offsets from UTC that the times of a file have."""

import dataclasses
import datetime
from collections.abc import Sequence
from typing import Any

import numpy as np

from nde.data.files.read_options import zone_of

_MINUTE = np.timedelta64(1, "m")
_SUMMER = 60
"""Minutes by which the clock is put forward in summer."""


@dataclasses.dataclass(frozen=True)
class Zone:
    """Offsets from UTC, by which dates are written as they were in a file.

    Attributes:
        name: The name of a time zone; empty if the offsets themselves are known.
        since: The times, in UTC and ISO 8601, from which on each offset holds; the first holds before, too.
        offsets: The offsets in minutes.

    Example:
        ```python
        import numpy as np
        from nde.data import Zone

        print(Zone("Europe/Berlin").text(np.datetime64("2024-07-01T12:00")))
        ```
    """

    name: str = ""
    since: tuple[str, ...] = ()
    offsets: tuple[int, ...] = ()

    @classmethod
    def of_offsets(cls, times: np.ndarray, offsets: Sequence[int | None]) -> "Zone | None":
        """The zone of times in UTC by their offsets; UTC if these do not follow from time, `None` if there are none."""
        known = [offset for offset in offsets if offset is not None]
        if not known:
            return None
        order = np.lexsort((np.array([offset or 0 for offset in offsets]), times))
        ts, minutes = times[order], np.array([offset or 0 for offset in offsets], np.int64)[order]
        change = np.flatnonzero(np.diff(minutes)) + 1
        summer_time = len(set(known)) <= 2 and max(known) - min(known) <= _SUMMER
        if len(known) < len(offsets) or (ts[change] == ts[change - 1]).any() or not (summer_time or len(change) <= 2):
            return cls("UTC")
        starts = [0, *change.tolist()]
        since = tuple(str(ts[i].astype("datetime64[s]")) for i in starts)
        return cls("", since, tuple(int(minutes[i]) for i in starts))

    @classmethod
    def from_json(cls, content: Any) -> "Zone | None":
        """A zone of what `dataclasses.asdict` made of it, or `None`."""
        return content and cls(content["name"], tuple(content["since"]), tuple(content["offsets"]))

    def offset(self, time: np.datetime64) -> int:
        """The offset from UTC at a time in UTC, in minutes."""
        if self.name:
            moment = time.astype("datetime64[us]").item().replace(tzinfo=datetime.UTC)
            return round(
                (moment.astimezone(zone_of(self.name)).utcoffset() or datetime.timedelta()).total_seconds() / 60
            )
        place = np.searchsorted(np.array(self.since, "datetime64[s]"), time, side="right") - 1
        return self.offsets[max(0, int(place))]

    def tzinfo(self) -> datetime.tzinfo:
        """The zone, or its last offset, for other libraries."""
        if self.name:
            return zone_of(self.name)
        return datetime.timezone(datetime.timedelta(minutes=self.offsets[-1])) if self.offsets[-1] else datetime.UTC

    def text(self, time: np.datetime64) -> str:
        """A time in UTC as text, with its offset."""
        minutes = self.offset(time)
        wall = str((time + minutes * _MINUTE).astype("datetime64[us]")).replace("T", " ").removesuffix(".000000")
        return f"{wall}{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"

    def to_wall(self, times: np.ndarray) -> np.ndarray:
        """Times in UTC, on the wall clock."""
        return times + np.array([self.offset(time) for time in times], np.int64) * _MINUTE

    def to_utc(self, wall: np.ndarray) -> np.ndarray:
        """Times of the wall clock, in UTC."""
        near = [self.offset(time - self.offset(time) * _MINUTE) for time in wall]
        return wall - np.array(near, np.int64) * _MINUTE
