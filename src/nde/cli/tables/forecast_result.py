"""What a forecast of a table writes and prints."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from nde.cli.cells import exact, rounded
from nde.cli.files import csv_text
from nde.cli.report import (
    Block,
    Code,
    Grid,
    Paragraph,
    Picture,
    Report,
    Section,
    Subheading,
    data_sections,
    number,
    percent,
    reference_section,
    versions,
)
from nde.cli.tables.config import TableConfig
from nde.cli.tables.forecast_data import ForecastData
from nde.cli.task import Result
from nde.data.files.read_options import NUMBER
from nde.data.plural import pluralize
from nde.data.times.text import time_text
from nde.estimators import Forecast, Forecaster
from nde.models import StructuralSDE
from nde.plot import plot_errors, plot_intervals

NAME = "forecast-table"
"""The name of the task in `metrics.json`."""
TABLE = "table.csv"
"""Where in the folder of a run its table is."""


@dataclasses.dataclass(frozen=True, eq=False)
class ForecastResult(Result):
    """Forecasts of a table.

    Attributes:
        config: The options.
        data: The table.
        whole: The forecaster fitted to all rows.
        past: That fitted to the rows before those held out, if some are.
    """

    config: TableConfig
    data: ForecastData
    whole: Forecaster
    past: Forecaster | None

    def save(self, folder: Path) -> None:
        """Write the table, which with the methods in `metrics.json` is all that a forecast needs."""
        table = self.data.learned
        rows = [[_text(time), *map(exact, values)] for time, values in zip(table.index, table.to_numpy(), strict=True)]
        (folder / TABLE).write_text(csv_text([self.config.time, *table.columns], rows), encoding="utf-8", newline="")

    def metrics(self) -> dict[str, Any]:
        """The content of `metrics.json`."""
        held_out = self._held_out()
        return {
            "task": NAME,
            "source": self.config.source,
            "time": self.config.time,
            "states": self.data.states,
            "known": list(self.data.known),
            "remarks": list(self.data.table.attrs.get("notes", ())),
            "reading": self._reading(),
            "file_reading": self.data.table.attrs.get("options", self.config.reading).given(),
            "rows_fitted": self.data.rows_fitted,
            "window": self.config.window,
            "rows_held_out": self.data.holdout,
            "horizon": len(self._forecast.times),
            "season": self.whole.season_,
            "methods": self.whole.weights_,
            "past": {
                name: [
                    {
                        "method": s.name,
                        "rmse": _finite(s.rmse),
                        "mase": _finite(s.mase),
                        "crps": _finite(s.crps),
                        "coverage": _finite(s.coverage),
                        "rmse_by_step": [_finite(each) for each in s.rmse_by_step],
                    }
                    for s in scores
                ]
                for name, scores in self.whole.scores_.items()
            },
            "held_out": {name: {key: _finite(value) for key, value in row.items()} for name, row in held_out.items()},
        }

    def figures(self) -> dict[str, Figure]:
        """The forecast, and that of the rows held out."""
        figures = {"forecast.png": self.whole.plot()}
        if any(self.whole.scores_.values()):
            figures["errors.png"] = plot_errors(self._errors())
        if self.past is not None:
            forecast, past = self._past_forecast(), self.data.past
            figure = plot_intervals(
                past.index,
                past.to_numpy(),
                list(forecast.names),
                forecast.times,
                forecast.median,
                forecast.intervals,
                time=f"{past.index.name or ''}",
            )
            for column, axes in enumerate(figure.axes):
                axes.plot(self.data.rest.index, self.data.rest.iloc[:, column], "o", color="black", markersize=3.5)
            figures["held_out.png"] = figure
        return figures

    def predictions(self) -> tuple[str, str]:
        """The forecast."""
        return "predictions.csv", forecast_csv(self.config.time, [self._forecast])

    def report(self, folder: Path) -> Report:
        """The report."""
        names = self.data.states
        rows, window = pluralize(len(self.data.complete), "row"), self.config.window
        learned = "" if window is None else f"The forecast learns from the last {window}. "
        sections = [
            Section(
                "Forecast", [Picture("forecast.png", "the last rows and the forecast with intervals"), *self._said()]
            ),
            Section("Comparison", [Paragraph(_COMPARISON), *(b for name in names for b in self._scores(name))]),
            *self._error_section(),
        ]
        if self.past is not None:
            picture = Picture("held_out.png", "the rows held out, and their forecast from the rows before")
            sections.append(Section("Rows held out", [picture, self._held_out_grid()]))
        file = " future.csv" if self.data.known else ""
        shell = f"nde predict {folder}{file} --horizon {len(self._forecast.times)} --out next.csv"
        sections += [
            *data_sections(self.data.table.attrs.get("notes", ())),
            Section("Forecast again", [Code(shell)]),
            reference_section(StructuralSDE(), Forecaster()),
        ]
        return Report(
            title=f"{', '.join(names)} over {self.config.time}",
            summary=f"{rows}, {_text(self.data.complete.index[0])} to {_text(self.data.complete.index[-1])}. "
            f"{learned}Source: {self.config.source}",
            sections=sections,
            footer=f"{versions('nde', 'jax', 'statsmodels')}.",
        )

    def summary(self) -> Sequence[str | Grid]:
        """The comparison, and who won."""
        grids = [block for name in self.data.states for block in self._scores(name) if isinstance(block, Grid)]
        held_out = [] if self.past is None else [self._held_out_grid()]
        return [*grids, *held_out, *(f"\n{line}" for line in self.whole.summary().splitlines())]

    def _reading(self) -> dict[str, str]:
        """How to read the table that the folder of the run holds: dates in their zone, and numbers as numbers."""
        if not isinstance(self.data.table.index, pd.DatetimeIndex):
            return {"date_format": NUMBER}
        zone = self.config.reading.timezone
        return {} if zone is None else {"timezone": zone}

    @property
    def _forecast(self) -> Forecast:
        return self.whole.predict()

    def _said(self) -> list[Block]:
        return [Paragraph(line) for line in self.whole.summary().splitlines()]

    def _scores(self, name: str) -> list[Block]:
        scores = self.whole.scores_[name]
        if not scores:
            return [Subheading(name), Paragraph("The table is too short to compare methods on its past.")]
        rows = [[s.name, number(s.rmse), number(s.mase), number(s.crps), percent(s.coverage)] for s in scores]
        grid = Grid(["", "RMSE", "MASE", "CRPS", "in 80% interval"], rows, best=self.whole.methods_[name], title=name)
        return [Subheading(name), grid]

    def _error_section(self) -> list[Section]:
        if not any(self.whole.scores_.values()):
            return []
        picture = Picture("errors.png", "root mean squared error of the first row ahead, the second, and so on")
        return [Section("Errors by rows ahead", [picture])]

    def _errors(self) -> dict[str, dict[str, Sequence[float]]]:
        """For each column, the errors of what is used and of the best plain method, by rows ahead."""
        return {
            name: {
                score.name: score.rmse_by_step
                for score in scores
                if score.name == self.whole.methods_[name] or score is next((s for s in scores if s.plain), None)
            }
            for name, scores in self.whole.scores_.items()
            if scores
        }

    def _past_forecast(self) -> Forecast:
        """The forecast of the rows held out, at their times."""
        assert self.past is not None
        return self.past.predict() if self.data.known else self.past.predict(times=self.data.rest.index)

    def _held_out(self) -> dict[str, dict[str, float]]:
        """For each column, the errors on rows held out."""
        if self.past is None:
            return {}
        forecast, ys = self._past_forecast(), self.data.rest.to_numpy()
        lower, upper = forecast.intervals[80]
        found = {}
        for column, name in enumerate(forecast.names):
            known = ~np.isnan(ys[:, column])
            errors = (forecast.median - ys)[known, column]
            inside = (lower <= ys) & (ys <= upper)
            found[name] = {
                "rmse": float(np.sqrt(np.mean(errors**2))) if errors.size else np.nan,
                "coverage": float(np.mean(inside[known, column])) if errors.size else np.nan,
            }
        return found

    def _held_out_grid(self) -> Grid:
        assert self.past is not None
        rows = [
            [name, self.past.methods_[name], number(row["rmse"]), percent(row["coverage"])]
            for name, row in self._held_out().items()
        ]
        header = ["", "method", "RMSE", "in 80% interval"]
        return Grid(header, rows, text_columns=(1,), title=f"{pluralize(self.data.holdout, 'row')} held out")


_COMPARISON = (
    "Each method forecasts the table from several points of its past, and sees only the rows before. RMSE is the root "
    "mean squared error in the unit of the column. MASE is the mean absolute error over that of repeating the last "
    "value, or the last season. CRPS scores the whole distribution: the mean absolute error of a forecast without "
    "intervals, and less with narrow intervals that hold. The last column is the share of values within the method's "
    "own interval of 80%."
)


def forecast_csv(time: str, forecasts: Sequence[Forecast]) -> str:
    """Forecasts of one or more columns each, at the same times, as CSV."""
    frame = pd.concat([forecast.to_frame() for forecast in forecasts], axis=1)
    rows = [
        [_text(at), *(rounded(value, 9) for value in values)]
        for at, values in zip(frame.index, frame.to_numpy(), strict=True)
    ]
    return csv_text([time, *frame.columns], rows)


def _text(time: Any) -> str:
    if not isinstance(time, pd.Timestamp):
        return time_text(time)
    return time_text(time.to_datetime64()) if time.tz is None else time.isoformat(sep=" ")


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
