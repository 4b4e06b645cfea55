"""Durations and times of day, as text."""

import re
from collections.abc import Collection

import numpy as np
from jaxtyping import Int

from nde.data.plural import pluralize

_DURATION = re.compile(
    r"(?P<sign>-)?(?:(?P<days>\d+)\s*d(?:ays?)?[ ,]*)?(?P<hours>\d+):(?P<minutes>\d{2})"
    r"(?::(?P<seconds>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?",
    re.IGNORECASE,
)

_DAY = np.timedelta64(86_400_000_000, "us")
_HALF = 0.5


def parse_durations(texts: Collection[str]) -> dict[str, np.timedelta64] | None:
    """Durations such as `00:01:48`, `36:00` (hours and minutes) or `2 days 04:30:00`, or `None` if one is none."""
    found = {text: _DURATION.fullmatch(text) for text in texts}
    if None in found.values():
        return None
    return {text: _duration(match) for text, match in found.items() if match is not None}


def past_midnight(times: np.ndarray, owners: Int[np.ndarray, " rows"], name: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Add a day to times of day at each midnight that a series passes, and say so.

    Midnight is where times go back by more than half a day. If some go back by less, they are not in order, and all
    stay as they are.

    Args:
        times: Durations, in the order of rows.
        owners: The index of the series of each row.
        name: The name of their column.
    """
    order = np.argsort(owners, kind="stable")
    within = np.diff(owners[order]) == 0
    back = np.where(within, -np.diff(times[order]) / _DAY, 0.0)
    midnight = back > 0
    of_day = (times >= np.timedelta64(0, "us")).all() and (times < _DAY).all()
    if not of_day or not midnight.any() or (back[midnight] <= _HALF).any():
        return times, ()
    days = np.zeros(len(times), np.int64)
    days[order[1:]] = np.cumsum(midnight)
    days -= days[order[np.searchsorted(owners[order], owners)]]
    count = pluralize(int(midnight.sum()), "time")
    return times + days * _DAY, (f"Time column '{name}' passes midnight {count}: a day was added each time.",)


def duration_text(duration: np.timedelta64) -> str:
    """A duration as hours, minutes and seconds."""
    microseconds = int(duration.astype("timedelta64[us]").astype(np.int64))
    seconds, rest = divmod(abs(microseconds), 10**6)
    fraction = f".{rest:06d}".rstrip("0") if rest else ""
    sign = "-" if microseconds < 0 else ""
    return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{fraction}"


def _duration(match: re.Match[str]) -> np.timedelta64:
    days, hours, minutes, seconds = (int(match[name] or 0) for name in ("days", "hours", "minutes", "seconds"))
    microseconds = int((match["fraction"] or "0")[:6].ljust(6, "0"))
    total = ((24 * days + hours) * 60 + minutes) * 60 + seconds
    sign = -1 if match["sign"] else 1
    return np.timedelta64(sign * (10**6 * total + microseconds), "us")
