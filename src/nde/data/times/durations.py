"""Durations and times of day, as text."""

import re
from collections.abc import Collection

import numpy as np

_DURATION = re.compile(
    r"(?P<sign>-)?(?:(?P<days>\d+)\s*d(?:ays?)?[ ,]*)?(?P<hours>\d+):(?P<minutes>\d{2})"
    r"(?::(?P<seconds>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?",
    re.IGNORECASE,
)


def parse_durations(texts: Collection[str]) -> dict[str, np.timedelta64] | None:
    """Durations such as `00:01:48`, `36:00` (hours and minutes) or `2 days 04:30:00`, or `None` if one is none."""
    found = {text: _DURATION.fullmatch(text) for text in texts}
    if None in found.values():
        return None
    return {text: _duration(match) for text, match in found.items() if match is not None}


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
