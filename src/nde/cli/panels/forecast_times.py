"""The times at which series are to be forecast."""

import numpy as np
from jaxtyping import Float

from nde.cli.task import Query
from nde.data import DataError, ReadOptions
from nde.data.files.read_options import NUMBER
from nde.data.numbers import is_number
from nde.data.panel import TimeSeries
from nde.data.panel.clock import UNITS
from nde.data.times.time_column import times_of_cells


def check_times(query: Query) -> None:
    """Check that a query has either times or a horizon.

    Raises:
        DataError: If it has both or none.
    """
    if (query.times is None) == (query.horizon is None):
        got = "neither --times nor --horizon" if query.times is None else "both --times and --horizon"
        raise DataError(
            f"A forecast needs either --times, for example --times 5,6,7, or --horizon, a number of steps of the usual "
            f"spacing; got {got}."
        )


def forecast_times(panel: TimeSeries, query: Query) -> list[Float[np.ndarray, " _"]]:
    """The times at which each series is to be forecast, counted as those of the panel are.

    Raises:
        DataError: If they are not of the kind that the panel has, or not all after the end of each series.
    """
    if query.times is None:
        steps = np.arange(1, (query.horizon or 0) + 1)
        return [series.ts[-1] + step * steps for series, step in zip(panel, _spacings(panel), strict=True)]
    times = _elapsed(panel, query, [part.strip() for part in query.times.split(",") if part.strip()])
    for place, (series, own) in enumerate(zip(panel, times, strict=True)):
        if own.min() <= series.ts[-1]:
            early, last = panel.clock.restore(np.array([own.min(), series.ts[-1]]), place)
            raise DataError(
                f"--times must be after the end of every series; got {early}, and series '{series.id}' ends at {last}."
            )
    return times


def _spacings(panel: TimeSeries) -> list[float]:
    """The median time between the rows of each series; of a series of one row, that of all.

    Raises:
        DataError: If all have one row.
    """
    steps = [np.diff(series.ts) for series in panel]
    every = np.concatenate(steps)
    if not every.size:
        raise DataError("Got --horizon, and each series has one row, so there is no usual spacing; name --times.")
    usual = float(np.median(every))
    return [float(np.median(own)) if own.size else usual for own in steps]


def _elapsed(panel: TimeSeries, query: Query, texts: list[str]) -> list[Float[np.ndarray, " _"]]:
    """Times of the command line as those of each series."""
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    if not texts:
        raise DataError("--times is empty; give times separated by commas, for example --times 5,6,7.")
    clock, numeric = panel.clock, all(map(is_number, texts))
    form = NUMBER if clock.unit is None and numeric else query.reading.date_format
    found = times_of_cells(pd.Series(texts, dtype=object), "--times", ReadOptions(date_format=form))
    times, kind = found.values, clock.origins.dtype.kind
    if times.dtype.kind != kind:
        wanted = {"M": "dates", "m": "durations such as 00:01:30"}.get(kind, "numbers")
        raise DataError(f"Got {texts[0]} among --times; the times of the series are {wanted}.")
    if clock.unit is None:
        return [times - float(origin) for origin in clock.origins]
    if clock.zone is not None and found.zone is None:
        times = clock.zone.to_utc(times)
    return [(times - origin) / UNITS[clock.unit] for origin in clock.origins]
