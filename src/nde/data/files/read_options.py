"""How to read a file of measurements."""

import codecs
import dataclasses
import datetime
import zoneinfo
from collections.abc import Mapping

from nde.data.table import DataError

SEPARATORS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
"""Separators that have a name."""
DATE_ORDERS = ("dmy", "mdy", "ymd")
"""Orders of day, month and year in dates of three numbers."""
NUMBER = "number"
"""The date format that takes times as numbers, whatever they look like."""
DUPLICATES = ("mean", "first", "last")


@dataclasses.dataclass(frozen=True)
class ReadOptions:
    r"""How to read a file of measurements; what is not given is found from the file.

    Attributes:
        sep: The character between cells, or `tab`, `comma`, `semicolon`, `pipe` or `space` (any number of spaces).
        decimal: The decimal separator, `.` or `,`.
        encoding: The encoding of a text file, such as `latin-1`. By default that of the byte order mark, else UTF-8,
            and cp1252 for a file that is not UTF-8.
        date_format: The format of dates, as for `datetime.strptime` (`%d/%m/%Y %H:%M`); the order of day, month and
            year: `dmy`, `mdy` or `ymd`; or `number` for times that are numbers although they look like dates.
        timezone: The time zone of times that have no offset from UTC, such as `Europe/Berlin`.
        duplicates: What becomes of rows with the same series and time and different values: their `mean`, the `first`
            or the `last`. By default they are an error.

    Raises:
        DataError: If one of them is not known.

    Example:
        ```python
        import pathlib, tempfile
        from nde.data import ReadOptions, read_indexed

        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "data.csv")
            path.write_text("day;x\n03/04/2024;1,5\n04/04/2024;2,5\n")
            print(read_indexed(path, "day", ["x"], options=ReadOptions(date_format="dmy")))
        ```
    """

    sep: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    date_format: str | None = None
    timezone: str | None = None
    duplicates: str | None = None

    def __post_init__(self) -> None:
        if self.sep is not None:
            object.__setattr__(self, "sep", _separator(self.sep))
        if self.decimal not in {None, ".", ","}:
            raise DataError(f"The decimal separator (--decimal) must be . or , ; got '{self.decimal}'.")
        if self.sep is not None and self.sep == self.decimal:
            raise DataError(
                f"'{self.sep}' cannot be both between columns (--sep) and the decimal separator (--decimal)."
            )
        if self.encoding is not None:
            _check_encoding(self.encoding)
        if self.date_format is not None:
            _check_date_format(self.date_format)
        if self.timezone is not None:
            zone_of(self.timezone)
        if self.duplicates not in {None, *DUPLICATES}:
            raise DataError(
                f"Rows with the same time (--duplicates) can be merged by mean, first or last; got '{self.duplicates}'."
            )

    def given(self) -> dict[str, str]:
        """The options that are not `None`."""
        return {name: value for name, value in dataclasses.asdict(self).items() if value is not None}

    @classmethod
    def from_options(cls, options: Mapping[str, str | None]) -> "ReadOptions":
        """Those of the options of a command that are about reading."""
        return cls(**{field.name: options.get(field.name) for field in dataclasses.fields(cls)})

    def or_else(self, other: "ReadOptions") -> "ReadOptions":
        """These options, and where they are not given, others."""
        return ReadOptions(**{**other.given(), **self.given()})


def zone_of(name: str) -> zoneinfo.ZoneInfo:
    """A time zone by its name.

    Raises:
        DataError: If there is no such zone.
    """
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise DataError(
            f"There is no time zone '{name}' (--timezone); name a region and city such as Europe/Berlin, or UTC."
        ) from None


def _separator(text: str) -> str:
    sep = SEPARATORS.get(text, text)
    if len(sep) != 1 or sep.isalnum() or sep in "\"'\n\r.+-":
        raise DataError(
            f"The separator (--sep) must be one character between columns, such as ';', or {', '.join(SEPARATORS)}; "
            f"got '{text}'."
        )
    return sep


def _check_encoding(name: str) -> None:
    try:
        found = b" ".decode(codecs.lookup(name).name, "replace")
    except (LookupError, ValueError, UnicodeError):
        found = None
    if found is None:
        raise DataError(f"There is no encoding '{name}' (--encoding); try utf-8, latin-1, cp1252 or utf-16.")


def _check_date_format(text: str) -> None:
    if text in {*DATE_ORDERS, NUMBER}:
        return
    moment = datetime.datetime(2001, 11, 30, 22, 58, 59, tzinfo=datetime.UTC)
    try:
        valid = "%" in text and bool(datetime.datetime.strptime(moment.strftime(text), text))
    except (ValueError, UnicodeError):
        valid = False
    if not valid:
        raise DataError(
            f"The format of dates (--date-format) must be one of {', '.join(DATE_ORDERS)} or {NUMBER}, or have parts "
            f"such as %Y, %m and %d, for example '%d/%m/%Y %H:%M'; got '{text}'."
        )
