"""The times that a forecast is asked for."""

import numpy as np
from jaxtyping import Float

from nde.cli.panel.names import FORECAST
from nde.data import DataError
from nde.data.panel import TimeSeries
from nde.data.panel.cells import times_of_cells
from nde.data.panel.clock import UNITS


def check_asked(task: str, times: str | None, horizon: int | None) -> None:
    """Refuses times where nothing is forecast, and a forecast without times.

    Raises:
        DataError: If it is so.
    """
    if task != FORECAST and (times is not None or horizon is not None):
        option = "--times" if times is not None else "--horizon"
        what = "one that fills gaps" if task == "impute" else f"one of {task}"
        raise DataError(
            f"Got {option}, which is for a run of one table, or one that forecasts many series; this run is {what}."
        )
    if task == FORECAST and (times is None) == (horizon is None):
        got = "neither --times nor --horizon" if times is None else "both --times and --horizon"
        raise DataError(
            f"Got {got}; one of both is wanted to forecast, such as --times 5,6,7, or --horizon 10 for as many steps "
            "of the usual spacing."
        )


def asked_times(panel: TimeSeries, times: str | None, horizon: int | None) -> list[Float[np.ndarray, " _"]]:
    """The times at which each series is to be forecast, counted as those of the panel are.

    Raises:
        DataError: If they are no times of the kind that the panel has, or not all after the end of each series.
    """
    if times is None:
        return [series.ts[-1] + step * np.arange(1, (horizon or 0) + 1) for series, step in _spacings(panel)]
    found = _elapsed(panel, [part.strip() for part in times.split(",") if part.strip()])
    for place, (series, own) in enumerate(zip(panel, found, strict=True)):
        if own.min() <= series.ts[-1]:
            early, last = panel.clock.restore(np.array([own.min(), series.ts[-1]]), place)
            raise DataError(
                f"Got the time {early} among --times, and series '{series.id}' ends at {last}; later ones are wanted."
            )
    return found


def _spacings(panel: TimeSeries) -> list[tuple]:
    """Each series and the median time between its rows; if it has one row, between those of all.

    Raises:
        DataError: If all have one row.
    """
    apart = [np.diff(series.ts) for series in panel]
    every = np.concatenate(apart)
    if not every.size:
        raise DataError("Got --horizon, and each series has one row, so there is no usual spacing; name --times.")
    usual = float(np.median(every))
    return [(series, float(np.median(own)) if own.size else usual) for series, own in zip(panel, apart, strict=True)]


def _elapsed(panel: TimeSeries, texts: list[str]) -> list[Float[np.ndarray, " _"]]:
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    if not texts:
        raise DataError("Got no time in --times; some are wanted, with commas, such as --times 5,6,7.")
    times, unit = times_of_cells(pd.Series(texts), "--times"), panel.clock.unit
    dates = times.dtype.kind == "M"
    if dates != (unit is not None):
        wanted = "numbers" if unit is None else "dates"
        raise DataError(f"Got {texts[0]} among --times; the times of the series are {wanted}.")
    if unit is None:
        return [times.astype(np.float64) - float(origin) for origin in panel.clock.origins]
    return [(times - origin) / UNITS[unit] for origin in panel.clock.origins]
