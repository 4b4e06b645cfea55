"""The options of a run with one table."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import numpy as np

from nde.cli.cells import time_texts
from nde.cli.files import column_name, column_names
from nde.cli.tables.query import clock_metrics
from nde.data import DataError, ReadOptions, Table, read_csv, read_series
from nde.data.plural import pluralize
from nde.models.registry import current_name
from nde.models.scaling import Transform

Tables = Mapping[str, Table]
"""The measurements of each series; a single one has no name."""


@dataclasses.dataclass(frozen=True)
class TableConfig:
    """The options of a run with one table.

    Attributes:
        source: Where the measurements are from.
        models: The names of models, or that of a group of them; if none is given, the default.
        transform: The transformation of the data that an SDE is for, if it was given.
        holdout: How many of the last rows of each series to forecast.
        seed: The seed of weights and noise.
        steps: How many training steps, for each model; if none, as many as suit the task.
        time: The column of times.
        columns: The columns of quantities.
        series: The column that names the series of a row, if there are several.
        truth: The true parameters of simulated data.
        horizon: How many rows to forecast; if none is given, as many as suit the table.
        season: How many rows a season has: a number, `auto` or `none`.
        window: How many of the last rows a forecast learns from; by default all.
        known: The columns that are known in advance of a forecast.
        reading: How to read the file, if it shall not be guessed.
    """

    source: str
    models: tuple[str, ...] = ()
    transform: Transform | None = None
    holdout: int = 0
    seed: int = 0
    steps: int | None = None
    time: str = ""
    columns: tuple[str, ...] = ()
    series: str | None = None
    truth: Mapping[str, float] = dataclasses.field(default_factory=dict)
    horizon: int | None = None
    season: str | None = None
    window: int | None = None
    known: tuple[str, ...] = ()
    reading: ReadOptions = dataclasses.field(default_factory=ReadOptions)

    @classmethod
    def from_options(cls, file: Path, options: Mapping[str, Any]) -> "TableConfig":
        """The options of a command.

        Raises:
            DataError: If there is no such transformation.
        """
        series, model = options["series"], options["model"]
        return cls(
            source=f"{file}",
            models=() if model is None else (current_name(model),),
            transform=_transform(options["transform"]),
            holdout=options["holdout"] or 0,
            seed=options["seed"] or 0,
            steps=options["steps"],
            time=column_name(options["time"]),
            columns=tuple(column_names(options["state"])),
            series=None if series is None else column_name(series),
            horizon=options["horizon"],
            season=options["season"],
            window=options["window"],
            known=() if options["known"] is None else tuple(column_names(options["known"])),
            reading=ReadOptions.from_options(options),
        )

    def read(self) -> Tables:
        """Read the file.

        Raises:
            DataError: If it cannot be read, or is not what the options say.
        """
        if self.series is None:
            return {"": read_csv(self.source, self.time, list(self.columns), options=self.reading)}
        return read_series(self.source, self.time, list(self.columns), self.series, options=self.reading)


def _transform(name: str | None) -> Transform | None:
    if name is None:
        return None
    for known in get_args(Transform):
        if known == name:
            return known
    raise DataError(f"--transform must be one of {', '.join(get_args(Transform))}; got {name}.")


@dataclasses.dataclass(frozen=True, eq=False)
class TableData:
    """The data of a run.

    Attributes:
        tables: All measurements of each series.
        fitted: The rows to fit.
        holdout: The rows to forecast, if any.
    """

    tables: Tables
    fitted: Tables
    holdout: Tables

    @classmethod
    def split(cls, tables: Tables, holdout: int) -> "TableData":
        """Set the last rows of each series aside.

        Raises:
            DataError: If too few are left to fit.
        """
        fitted, rest = {}, {}
        for name, table in tables.items():
            try:
                fitted[name], last = table.split(holdout)
            except DataError as error:
                raise DataError(f"Series '{name}': {error}" if name else str(error)) from None
            if last is not None:
                rest[name] = last
        return cls(tables, fitted, rest)

    @property
    def time_name(self) -> str:
        """The name of the times."""
        return self._first.time_name

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the quantities."""
        return self._first.names

    @property
    def notes(self) -> tuple[str, ...]:
        """What was guessed when the file was read."""
        return self._first.notes

    @property
    def _first(self) -> Table:
        return next(iter(self.tables.values()))

    @property
    def fitted_from(self) -> float:
        """The first time that is fitted."""
        return min(float(table.ts[0]) for table in self.fitted.values())

    @property
    def fitted_to(self) -> float:
        """The last time that is fitted."""
        return max(float(table.ts[-1]) for table in self.fitted.values())

    def texts(self, *ts: float) -> list[str]:
        """Times as the file has them."""
        return time_texts(self._first.clock, np.array(ts, np.float64))

    def single(self) -> tuple[Table, Table | None]:
        """The rows to fit and those to forecast, if any, of the only series."""
        ((name, fitted),) = self.fitted.items()
        return fitted, self.holdout.get(name)

    def metrics(self) -> dict[str, Any]:
        """What `metrics.json` of all tasks holds about rows."""
        fitted, clock = self.fitted.values(), self._first.clock
        return {
            "remarks": list(self.notes),
            **clock_metrics(clock),
            "file_reading": {} if self._first.options is None else self._first.options.given(),
            "rows_fitted": sum(len(table.ts) for table in fitted),
            "rows_held_out": sum(len(table.ts) for table in self.holdout.values()),
            "fitted_from": self.fitted_from if clock is None else self.texts(self.fitted_from)[0],
            "fitted_to": self.fitted_to if clock is None else self.texts(self.fitted_to)[0],
        }

    def summary(self, source: str) -> str:
        """How many rows were fitted, for a report."""
        rows = self.metrics()
        start, end = self.texts(self.fitted_from, self.fitted_to)
        text = f"Fitted to {pluralize(rows['rows_fitted'], 'row')}, {start} to {end}"
        if rows["rows_held_out"]:
            held_out = pluralize(rows["rows_held_out"], "row")
            text += f"; {held_out} after that {'was' if rows['rows_held_out'] == 1 else 'were'} held out and forecast"
        return f"{text}. Source: {source}"
