"""The times at which series are to be forecast."""

import numpy as np
from jaxtyping import Float

from nde.cli.task import Query
from nde.data import DataError
from nde.data.panel import TimeSeries
from nde.data.panel.cells import times_of_cells
from nde.data.panel.clock import UNITS
from nde.estimators.panels.axis import axes_of


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
        if panel.lengths.max() == 1:
            raise DataError("Got --horizon, and each series has one row, so there is no usual spacing; name --times.")
        return [axis.after(query.horizon or 0) for axis in axes_of(panel)]
    times = _elapsed(panel, [part.strip() for part in query.times.split(",") if part.strip()])
    for place, (series, own) in enumerate(zip(panel, times, strict=True)):
        if own.min() <= series.ts[-1]:
            early, last = panel.clock.restore(np.array([own.min(), series.ts[-1]]), place)
            raise DataError(
                f"--times must be after the end of every series; got {early}, and series '{series.id}' ends at {last}."
            )
    return times


def _elapsed(panel: TimeSeries, texts: list[str]) -> list[Float[np.ndarray, " _"]]:
    """Times of the command line as those of each series."""
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    if not texts:
        raise DataError("--times is empty; give times separated by commas, for example --times 5,6,7.")
    times, unit = times_of_cells(pd.Series(texts), "--times"), panel.clock.unit
    dates = times.dtype.kind == "M"
    if dates != (unit is not None):
        wanted = "numbers" if unit is None else "dates"
        raise DataError(f"Got {texts[0]} among --times; the times of the series are {wanted}.")
    if unit is None:
        return [times.astype(np.float64) - float(origin) for origin in panel.clock.origins]
    return [(times - origin) / UNITS[unit] for origin in panel.clock.origins]
