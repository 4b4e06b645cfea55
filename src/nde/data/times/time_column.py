"""Columns of times in files."""

import dataclasses
import datetime
import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Int

from nde.data.files.read_options import DATE_ORDERS, NUMBER, ReadOptions
from nde.data.numbers import NumberColumn, cell_text, parse_numbers, shown
from nde.data.plural import pluralize
from nde.data.table import DataError
from nde.data.times.date_order import date_order
from nde.data.times.dates import Date, parse_date
from nde.data.times.durations import parse_durations, past_midnight
from nde.data.times.local import to_utc
from nde.data.times.long_numbers import rounded_number, unix_nanoseconds
from nde.data.times.native import naive_times
from nde.data.times.text import time_text
from nde.data.times.zone import Zone

if TYPE_CHECKING:
    import pandas

_COMPACT = {
    8: "%Y%m%d",
    10: "%Y%m%d%H",
    12: "%Y%m%d%H%M",
    14: "%Y%m%d%H%M%S",
    6: "%Y%m",
    7: "%Y%j",
}
"""Formats of whole numbers that are dates, by the number of their digits."""
_LOOKALIKES = {"%y%m%d": 6, "%Y.%m": 7}
"""Formats of numbers that may be dates, and their sizes."""
_FIRST_YEAR, _LAST_YEAR = 1800, 2199
_WORDS = {"dmy": "day, month, year", "mdy": "month, day, year", "ymd": "year, month, day"}
_ISO = re.compile(r"\d{4}[-/.]\d{1,2}.*")
_PLAIN_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)?", re.ASCII)


@dataclasses.dataclass(frozen=True, eq=False)
class TimeColumn:
    """The cells of a column as times.

    Attributes:
        values: Numbers, dates in UTC (or without a time zone), or durations.
        notes: How cells were taken that can be taken in several ways.
        zone: The offsets from UTC of dates that had some; `None` for dates without.
        order: The order of day, month and year, if dates have three numbers.
    """

    values: np.ndarray
    notes: tuple[str, ...] = ()
    zone: Zone | None = None
    order: str | None = None

    def in_seconds(self, name: str) -> "TimeColumn":
        """Durations as numbers; other times unchanged.

        Args:
            name: The name of the column.
        """
        if self.values.dtype.kind != "m":
            return self
        note = f"Time column '{name}' has durations: they are counted in seconds."
        return TimeColumn(self.values / np.timedelta64(1, "s"), (*self.notes, note))


def times_of_cells(
    column: "pandas.Series",
    name: str,
    options: ReadOptions | None = None,
    owners: Int[np.ndarray, " rows"] | None = None,
) -> TimeColumn:
    """The cells of a column as times.

    Args:
        column: The column.
        name: Its name, for messages.
        options: The format and time zone of dates, if they are given.
        owners: The index of the series of each row; by default there is one series.

    Raises:
        DataError: If a cell is no time, or missing; or if dates can be taken in two ways.
    """
    options = options or ReadOptions()
    owners = np.zeros(len(column), np.int64) if owners is None else owners
    if column.dtype.kind in "Mm" or hasattr(column.dtype, "tz") or hasattr(column.dtype, "freq"):
        return _native(column, name, options, owners)
    found = parse_numbers(column)
    gap = np.isnan(found.values) & ~found.wrong
    if gap.any():
        raise DataError(f"Time column '{name}' is empty in row {int(np.argmax(gap)) + 1}; every row must have a time.")
    texts = [cell_text(cell) for cell in column.tolist()]
    form = options.date_format
    if form not in {None, NUMBER, *DATE_ORDERS}:
        return _localized(_strict_dates(texts, name, form or ""), name, options, owners)
    if found.wrong.all() and len(column):
        return _of_texts(texts, name, options, owners)
    if found.wrong.any():
        raise _time_error(texts, name, int(np.argmax(found.wrong)))
    return _of_numbers(found, texts, name, options, owners)


def _of_numbers(
    found: NumberColumn, texts: Sequence[str], name: str, options: ReadOptions, owners: Int[np.ndarray, " rows"]
) -> TimeColumn:
    """Numbers, or dates that are written as whole numbers."""
    if np.isinf(found.values).any():
        raise DataError(f"Time column '{name}' is infinite in row {int(np.argmax(np.isinf(found.values))) + 1}.")
    numeric = options.date_format == NUMBER
    dates = None if numeric else _compact_dates(texts, name) or _unix_dates(texts, name)
    if dates is not None:
        return _localized(dates, name, options, owners)
    notes = [f"Time column '{name}': {note}" for note in found.notes]
    notes += [] if numeric else _notes_on_lookalikes(texts, name)
    rounded = rounded_number(texts)
    if rounded is not None:
        notes.append(f"Time column '{name}' has numbers such as {rounded}, with more digits than are kept: rounded.")
    return TimeColumn(found.values, tuple(notes))


def _native(column: "pandas.Series", name: str, options: ReadOptions, owners: Int[np.ndarray, " rows"]) -> TimeColumn:
    naive, zone = naive_times(column)
    if naive.isna().any():
        row = int(np.argmax(naive.isna().to_numpy())) + 1
        raise DataError(f"Time column '{name}' is empty in row {row}; every row must have a time.")
    values = naive.to_numpy()
    if values.dtype.kind == "m":
        return TimeColumn(values)
    return _localized(TimeColumn(values, zone=zone), name, options, owners)


def _of_texts(texts: Sequence[str], name: str, options: ReadOptions, owners: Int[np.ndarray, " rows"]) -> TimeColumn:
    """Durations, or dates in any format."""
    plain = None if options.date_format == NUMBER else _plain_dates(texts)
    if plain is not None:
        return _localized(TimeColumn(plain), name, options, owners)
    durations = parse_durations(set(texts))
    if durations is not None:
        note = f"Time column '{name}': times such as '{texts[0]}' were read as hours and minutes since the beginning."
        values, more = past_midnight(np.array([durations[text] for text in texts]), owners, name)
        return TimeColumn(values, (note, *more))
    order = date_order(texts, name, options.date_format)
    dates = {text: parse_date(text, order) for text in set(texts)}
    wrong = [dates[text] is None or options.date_format == NUMBER for text in texts]
    if any(wrong):
        raise _time_error(texts, name, wrong.index(True))
    found = [date for text in texts if (date := dates[text]) is not None]
    notes = () if _ISO.fullmatch(texts[0]) else (f"Time column '{name}': {_reading(texts[0], found[0])}.",)
    if order is not None:
        notes = (f"Time column '{name}': {_reading(texts[0], found[0])} ({_WORDS[order]}).",)
    times = dataclasses.replace(_of_dates(found), notes=notes, order=order)
    bare = np.array([date.offset is None for date in found], bool)
    if bare.any() and not bare.all():
        times = _with_bare_dates(times, bare, f"'{shown(texts[int(bare.argmax())])}'", name, options, owners)
    return _localized(times, name, options, owners)


def _with_bare_dates(
    times: TimeColumn,
    bare: Bool[np.ndarray, " rows"],
    first: str,
    name: str,
    options: ReadOptions,
    owners: Int[np.ndarray, " rows"],
) -> TimeColumn:
    """Dates of which some have no offset from UTC: these are in the time zone that was given, else in UTC."""
    values, more, advice = times.values, [], ""
    if options.timezone is None:
        advice = " If they are not, name their time zone with --timezone, or write their offsets."
    else:
        values = values.copy()
        values[bare], more = to_utc(values[bare], options.timezone, name, owners[bare])
    note = (
        f"Time column '{name}' has dates with an offset from UTC, and {pluralize(int(bare.sum()), 'row')} without one, "
        f"such as {first}: they were taken for times in {options.timezone or 'UTC'}.{advice}"
    )
    return dataclasses.replace(times, values=values, notes=(*times.notes, note, *more))


def _plain_dates(texts: Sequence[str]) -> np.ndarray | None:
    """Dates in the plain format of ISO 8601, all at once, or `None` if some are not; much faster than one at a time."""
    if not all(map(_PLAIN_ISO.fullmatch, texts)):
        return None
    try:
        return np.array(texts, "datetime64[us]")
    except ValueError:
        return None


def _reading(text: str, date: Date) -> str:
    day = str(date.moment.date()) if date.moment.time() == datetime.time() else str(date.moment)
    return f"'{shown(text)}' was read as {day}"


def _of_dates(dates: Sequence[Date]) -> TimeColumn:
    """Dates in UTC, and their offsets."""
    wall = np.array([date.moment for date in dates], "datetime64[us]")
    offsets = [date.offset for date in dates]
    values = wall - np.array([offset or 0 for offset in offsets], np.int64) * np.timedelta64(1, "m")
    return TimeColumn(values, zone=Zone.of_offsets(values, offsets))


def _compact_dates(texts: Sequence[str], name: str) -> TimeColumn | None:
    """Whole numbers such as 20240330 as dates, if all of them can be."""
    sizes = {len(text) for text in texts}
    form = _COMPACT.get(len(texts[0])) if len(sizes) == 1 and texts else None
    if form is None or not all(text.isascii() and text.isdigit() for text in texts):
        return None
    dates = _parsed(set(texts), form)
    if any(date is None or not _FIRST_YEAR <= date.moment.year <= _LAST_YEAR for date in dates.values()):
        return None
    found = [date for text in texts if (date := dates[text]) is not None]
    note = f"Time column '{name}': {_reading(texts[0], found[0])}; to keep numbers, give --date-format {NUMBER}."
    return dataclasses.replace(_of_dates(found), notes=(note,))


def _notes_on_lookalikes(texts: Sequence[str], name: str) -> list[str]:
    """A note on numbers that may be dates with a short year, or years with months."""
    unique = set(texts)
    for form, size in _LOOKALIKES.items():
        if len(unique) > 1 and all(len(text) == size and _strptime(text, form) for text in unique):
            return [
                f"Time column '{name}' has numbers such as {texts[0]}, taken as numbers; if they are dates, give "
                f"--date-format {form}."
            ]
    return []


def _unix_dates(texts: Sequence[str], name: str) -> TimeColumn | None:
    """Whole numbers of 19 digits as nanoseconds since 1970, if all of them can be."""
    dates = unix_nanoseconds(texts)
    if dates is None:
        return None
    note = (
        f"Time column '{name}': '{texts[0]}' was read as nanoseconds since 1970, {time_text(dates[0])} in UTC; to keep "
        f"numbers, give --date-format {NUMBER}."
    )
    return TimeColumn(dates, (note,), Zone("UTC"))


def _strict_dates(texts: Sequence[str], name: str, form: str) -> TimeColumn:
    """Dates in a format that was given.

    Raises:
        DataError: If a text has another format.
    """
    dates = _parsed(set(texts), form)
    for row, text in enumerate(texts, start=1):
        if dates[text] is None:
            raise DataError(
                f"Time column '{name}' has the text '{shown(text)}' in row {row}, which does not have the format "
                f"'{form}' (--date-format)."
            )
    return _of_dates([date for text in texts if (date := dates[text]) is not None])


def _parsed(texts: Collection[str], form: str) -> dict[str, Date | None]:
    return {text: _strptime(text, form) for text in texts}


def _strptime(text: str, form: str) -> Date | None:
    try:
        moment = datetime.datetime.strptime(text, form)
    except ValueError:
        return None
    offset = moment.utcoffset()
    return Date(moment.replace(tzinfo=None), None if offset is None else round(offset.total_seconds() / 60))


def _localized(times: TimeColumn, name: str, options: ReadOptions, owners: Int[np.ndarray, " rows"]) -> TimeColumn:
    """Dates in the time zone that was given, if they have no offsets; else only results are in it."""
    if options.timezone is None:
        return times
    zone = Zone(options.timezone)
    if times.zone is not None:
        return dataclasses.replace(times, zone=zone)
    values, notes = to_utc(times.values, options.timezone, name, owners)
    return dataclasses.replace(times, values=values, notes=(*times.notes, *notes), zone=zone)


def _time_error(texts: Sequence[str], name: str, row: int) -> DataError:
    return DataError(
        f"Time column '{name}' has the text '{shown(texts[row])}' in row {row + 1}; expected numbers in all rows, or "
        "dates such as 2024-01-31 or 2024-01-31 18:30 in all rows. Name another format with --date-format."
    )
