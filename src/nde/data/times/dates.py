"""Dates as people write them."""

import dataclasses
import datetime
import re

_OFFSET = r"(?:\s*(?P<offset>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?"
_CLOCK = r"(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))?(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
_TIME = rf"(?:(?:[T,]|\s)\s*{_CLOCK}(?:\s*(?P<half>[ap])\.?m\.?)?)?{_OFFSET}"
_NAME = r"(?P<name>[^\W\d_]{3,9})\.?"
_ORDINAL = r"(?:st|nd|rd|th|\.)?"
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?P<year>\d{{4}})[-/.](?P<month>\d{{1,2}})(?:[-/.](?P<day>\d{{1,2}}))?{_TIME}",
        rf"(?P<first>\d{{1,2}})(?P<mark>[-/.])(?P<second_>\d{{1,2}})(?P=mark)(?P<year>\d{{4}}|\d{{2}}){_TIME}",
        r"(?P<month>\d{1,2})[-/](?P<year>\d{4})",
        rf"(?P<year>\d{{4}})(?P<month>\d{{2}})(?P<day>\d{{2}})T(?P<hour>\d{{2}})(?P<minute>\d{{2}})"
        rf"(?:(?P<second>\d{{2}}))?{_OFFSET}",
        rf"(?P<day>\d{{1,2}}){_ORDINAL}[-/ ,]*{_NAME}[-/ ,]+(?P<year>\d{{4}}|\d{{2}}){_TIME}",
        rf"{_NAME}[-/ ]+(?P<day>\d{{1,2}}){_ORDINAL},?[-/ ]+(?P<year>\d{{4}}){_TIME}",
        rf"{_NAME}\s+(?P<day>\d{{1,2}})\s+{_CLOCK}\s+(?P<year>\d{{4}})",
        rf"{_NAME}[-/ ,]*(?P<year>\d{{4}})",
        rf"{_NAME}[-'](?P<year>\d{{2}})",
        rf"(?P<year>\d{{4}})[-/ ]*{_NAME}(?:[-/ ]*(?P<day>\d{{1,2}}))?{_TIME}",
        r"(?P<year>\d{4})[-/ ]?Q(?P<quarter>[1-4])",
        r"Q(?P<quarter>[1-4])[-/ ]*(?P<year>\d{4})",
        r"(?P<year>\d{4})-?W(?P<week>\d{2})(?:-?(?P<weekday>[1-7]))?",
    )
)
_WEEKDAY = re.compile(r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*[.,]?\s+", re.IGNORECASE)
_MONTHS = {
    name: month
    for month, names in enumerate(
        (
            "january januar jan",
            "february februar feb",
            "march märz mär mrz mar",
            "april apr",
            "may mai",
            "june juni jun",
            "july juli jul",
            "august aug",
            "september sept sep",
            "october oktober oct okt",
            "november nov",
            "december dezember dec dez",
        ),
        start=1,
    )
    for name in names.split()
}
"""English and German names."""
_CENTURY = 69
"""Years of two digits from here on are of the 20th century, as in POSIX."""


@dataclasses.dataclass(frozen=True)
class Date:
    """A date with a time of day.

    Attributes:
        moment: Date and time on the wall clock.
        offset: The offset from UTC in minutes, if there is one.
    """

    moment: datetime.datetime
    offset: int | None = None


def parse_date(text: str, order: str | None) -> Date | None:
    """The date that a text represents, or `None`.

    Args:
        text: The text.
        order: The order of day, month and year (`dmy`, `mdy` or `ymd`) in dates of three numbers of two digits.
    """
    parts = _parts(text)
    if parts is None:
        return None
    if "first" in parts:
        parts |= _ordered(parts, order or "")
    try:
        return Date(_moment(parts), _offset_minutes(parts.get("offset")))
    except (KeyError, ValueError, OverflowError):
        return None


def looks_like_date(text: str) -> bool:
    """Whether a text is a date, in any order."""
    return any(parse_date(text, order) is not None for order in ("dmy", "mdy"))


def possible_orders(text: str) -> set[str]:
    """The orders in which a text of three numbers is a date; empty if it is no such text."""
    parts = _parts(text)
    if parts is None or "first" not in parts:
        return set()
    orders = ("dmy", "mdy") if len(parts["year"]) == 4 else ("dmy", "mdy", "ymd")
    return {order for order in orders if parse_date(text, order) is not None}


def has_points(text: str) -> bool:
    """Whether a date of three numbers has points between them: then the day comes first."""
    parts = _parts(text)
    return parts is not None and parts.get("mark") == "."


def _parts(text: str) -> dict[str, str] | None:
    text = _WEEKDAY.sub("", text.strip(), count=1)
    for pattern in _PATTERNS:
        found = pattern.fullmatch(text)
        if found is not None:
            return {name: part for name, part in found.groupdict().items() if part is not None}
    return None


def _ordered(parts: dict[str, str], order: str) -> dict[str, str]:
    """Three numbers as day, month and year."""
    numbers = (parts["first"], parts["second_"], parts["year"])
    names = {"d": "day", "m": "month", "y": "year"}
    return {names[letter]: number for letter, number in zip(order, numbers, strict=False)}


def _moment(parts: dict[str, str]) -> datetime.datetime:
    year = _year(parts["year"])
    if "week" in parts:
        day = datetime.date.fromisocalendar(year, int(parts["week"]), int(parts.get("weekday", 1)))
    else:
        day = datetime.date(year, _month(parts), int(parts.get("day", 1)))
    hour, minute, second = (int(parts.get(name, 0)) for name in ("hour", "minute", "second"))
    if "half" in parts:
        if not 1 <= hour <= 12:
            raise ValueError
        hour = hour % 12 + 12 * (parts["half"].lower() == "p")
    # Midnight may be written as 24:00 of the day before.
    late = (hour, minute, second) == (24, 0, 0)
    fraction = int(parts.get("fraction", "0")[:6].ljust(6, "0"))
    moment = datetime.datetime.combine(day, datetime.time(0 if late else hour, minute, second, fraction))
    return moment + datetime.timedelta(days=int(late))


def _year(text: str) -> int:
    year = int(text)
    return year if len(text) == 4 else year + (1900 if year >= _CENTURY else 2000)


def _month(parts: dict[str, str]) -> int:
    if "quarter" in parts:
        return 3 * int(parts["quarter"]) - 2
    return _MONTHS[parts["name"].lower()] if "name" in parts else int(parts["month"])


def _offset_minutes(text: str | None) -> int | None:
    if text is None:
        return None
    if text.upper() in {"Z", "UTC", "GMT"}:
        return 0
    digits = text[1:].replace(":", "").ljust(4, "0")
    if int(digits[:2]) > 15 or int(digits[2:]) > 59:
        raise ValueError
    return (-1 if text[0] == "-" else 1) * (60 * int(digits[:2]) + int(digits[2:]))
