"""The times at which series are to be forecast."""

import numpy as np
from jaxtyping import Float

from nde.cli.cells import time_texts
from nde.cli.task import Query
from nde.cli.times import elapsed_times
from nde.data import DataError, ReadOptions
from nde.data.panel import TimeSeries
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


def forecast_times(panel: TimeSeries, query: Query, reading: ReadOptions) -> list[Float[np.ndarray, " _"]]:
    """The times at which each series is to be forecast, counted as those of the panel are.

    Args:
        panel: The series.
        query: What is asked for.
        reading: How the file of the panel was read; the format of its dates is that of the times, too.

    Raises:
        DataError: If they are not of the kind that the panel has, or not all after the end of each series.
    """
    if query.times is None:
        if panel.lengths.max() == 1:
            raise DataError("Got --horizon, and each series has one row, so there is no usual spacing; name --times.")
        return [axis.after(query.horizon or 0) for axis in axes_of(panel)]
    texts = [part.strip() for part in query.times.split(",") if part.strip()]
    times = elapsed_times(panel.clock, texts, query.reading, reading)
    for place, (series, own) in enumerate(zip(panel, times, strict=True)):
        if own.min() <= series.ts[-1]:
            early, last = time_texts(panel.clock, np.array([own.min(), series.ts[-1]]), place)
            raise DataError(
                f"--times must be after the end of every series; got {early}, and series '{series.id}' ends at {last}."
            )
    return times
