"""Times on the command line."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from nde.data import Clock, DataError, ReadOptions
from nde.data.files.read_options import NUMBER
from nde.data.numbers import is_number
from nde.data.panel.clock import UNITS
from nde.data.times.time_column import TimeColumn, times_of_cells

_OPTION = "--times"


def elapsed_times(
    clock: Clock, texts: Sequence[str], given: ReadOptions, run: ReadOptions
) -> list[Float[np.ndarray, " _"]]:
    """Times of the command line as each series of a clock counts them.

    Args:
        clock: The clock.
        texts: The times, of the kind that the file of the clock has.
        given: The format of dates, if the command names it.
        run: How that file was read: without a format in the command, dates have its format, or one that is unambiguous.

    Raises:
        DataError: If there are none, or they are of another kind.
    """
    if not texts:
        raise DataError("--times is empty; give times separated by commas, for example --times 5,6,7.")
    if clock.unit is None and all(map(is_number, texts)):
        found = _read(texts, NUMBER)
    else:
        found = _read_dates(texts, given.date_format, run.date_format)
    times, kind = found.values, clock.origins.dtype.kind
    if times.dtype.kind != kind:
        wanted = {"M": "dates", "m": "durations such as 00:01:30"}.get(kind, "numbers")
        raise DataError(f"Got {texts[0]} among --times; the times of the data are {wanted}.")
    if clock.unit is None:
        return [times - float(origin) for origin in clock.origins]
    if clock.zone is not None and found.zone is None:
        times = clock.zone.to_utc(times)
    return [(times - origin) / UNITS[clock.unit] for origin in clock.origins]


def _read_dates(texts: Sequence[str], given: str | None, run: str | None) -> TimeColumn:
    """Dates in the format of the command; else in that of the file of the run, or in any that is unambiguous."""
    if given is not None or run is None:
        return _read(texts, given)
    try:
        return _read(texts, run)
    except DataError:
        return _read(texts, None)


def _read(texts: Sequence[str], form: str | None) -> TimeColumn:
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    # Each stands for itself: times of day in another order do not pass midnight.
    alone = np.arange(len(texts))
    return times_of_cells(pd.Series(list(texts), dtype=object), _OPTION, ReadOptions(date_format=form), alone)
