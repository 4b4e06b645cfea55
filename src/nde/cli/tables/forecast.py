"""Forecast a table by the method that did best on its past."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nde.cli.console import show, show_notes
from nde.cli.tables.config import TableConfig
from nde.cli.tables.forecast_data import ForecastData
from nde.cli.tables.forecast_result import NAME, TABLE, ForecastResult, forecast_csv
from nde.cli.tables.query import run_reading
from nde.cli.tables.task import AbstractTableTask
from nde.cli.task import Predictions, Query
from nde.data import DataError, ReadOptions, Table, read_indexed
from nde.estimators import Forecaster


class TableForecastTask(AbstractTableTask[pd.DataFrame, ForecastData]):
    """Forecast each column of a table, by a linear SDE or a plain method."""

    name = NAME
    option = "--state"
    options = frozenset({"time", "state", "model", "holdout", "horizon", "season", "window", "known"})
    models = ("forecast",)
    default = "forecast"

    def check(self, config: TableConfig) -> None:
        """Refuse options of other tasks, and a season that makes no sense."""
        for name in ("series", "transform", "steps"):
            if getattr(config, name) is not None:
                raise DataError(
                    f"--{name} cannot be combined with a forecast of one table; use --model, for example --model sde."
                )
        season_of(config.season)
        if config.window is not None and config.window < Table.least_rows:
            raise DataError(f"--window must be at least {Table.least_rows} rows; got {config.window}.")

    def read(self, config: TableConfig) -> pd.DataFrame:
        """Read the table, with dates or numbers as times."""
        table = read_indexed(config.source, config.time, [*config.columns, *config.known], options=config.reading)
        show_notes(table.attrs["notes"])
        return table

    def prepare(self, config: TableConfig, source: pd.DataFrame) -> ForecastData:
        """Set the last rows aside."""
        data = ForecastData.split(source, config.known, config.holdout, config.window)
        ahead = len(source) - len(data.complete)
        if config.known and not ahead:
            raise DataError(
                f"{', '.join(config.known)} must be known for the rows to forecast. Append rows to the file, with "
                f"{', '.join(config.columns)} empty."
            )
        return data

    def fit(self, config: TableConfig, data: ForecastData, folder: Path | None) -> dict[str, Forecaster]:
        """Compare the methods on the past. Rows that are held out are forecast as well, from the rows before."""
        del folder
        season, known = season_of(config.season), list(data.known)
        show("Forecasting the past of the table by each method.")
        found = {"whole": Forecaster(config.horizon, season=season, known=known).fit(data.learned)}
        if data.holdout:
            found["past"] = Forecaster(data.holdout, season=season, known=known).fit(data.seen)
        return found

    def evaluate(self, config: TableConfig, data: ForecastData, model: dict[str, Forecaster]) -> ForecastResult:
        """Compute errors on rows held out, if there are any."""
        return ForecastResult(config, data, model["whole"], model.get("past"))

    def check_metrics(self, metrics: dict[str, Any]) -> None:
        """Check that there are methods, and the settings."""
        _ = metrics["methods"], metrics["horizon"], metrics["season"], metrics["time"], metrics["states"]

    def predict(self, folder: Path, metrics: dict[str, Any], query: Query) -> Predictions:
        """Forecast the rows after the last."""
        known = list(metrics.get("known", ()))
        if query.times is not None or query.model is not None or (query.file is not None and not known):
            got = (
                "--times" if query.times is not None else "--model" if query.file is None else f"the file {query.file}"
            )
            raise DataError(f"A forecast of one table takes --horizon, a number of rows; got {got}.")
        options = ReadOptions(**metrics.get("reading", {}))
        table = read_indexed(folder / TABLE, metrics["time"], [*metrics["states"], *known], options=options)
        compared = metrics["horizon"]
        if query.file is not None:
            reading = query.reading.or_else(run_reading(metrics))
            future = read_indexed(query.file, metrics["time"], known, options=reading)
            table, compared = ForecastData(table, tuple(known)).with_future(future).table, len(future)
        columns = []
        for name in metrics["states"]:
            settings = {"season": metrics["season"][name], "methods": metrics["methods"][name], "known": known}
            forecaster = Forecaster(compared, **settings).fit(table[[name, *known]])
            columns.append(forecaster.predict(query.horizon))
        return Predictions(forecast_csv(metrics["time"], columns))


def season_of(text: str | None) -> float | str | None:
    """The season of an option.

    Raises:
        DataError: If it is none.
    """
    if text is None or text == "auto":
        return "auto"
    if text == "none":
        return None
    try:
        season = float(text)
    except ValueError:
        season = np.nan
    if not 2 <= season < np.inf:
        raise DataError(f"--season must be a number of rows of at least 2, auto or none; got {text}.")
    return season
