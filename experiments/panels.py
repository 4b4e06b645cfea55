"""Forecasts of public tables of many series beside plain methods: of their last rows, and of new series."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from matplotlib.figure import Figure

from experiments.panels_data import PanelTable, panel_tables
from nde.data.panel import TimeSeries
from nde.estimators import PanelForecaster
from nde.plot.style import COLORS, INK, style_axes

PLAIN = ("last value", "mean", "drift", "seasonal naive")
_TEST = 5
"""One in so many series is new."""
_SEEN = 2 / 3


@dataclasses.dataclass(frozen=True)
class Row:
    """The errors of forecasts of one channel of a table.

    Attributes:
        table: The table, the channel, and what was forecast.
        ours: The root mean squared error of `PanelForecaster` with its defaults.
        best_plain: That of the plain method that turned out best.
        covered: How many values were within the interval of 80%.
        values: How many values there were.
        method: The method that `PanelForecaster` used.
    """

    table: str
    ours: float
    best_plain: float
    covered: int
    values: int
    method: str


def run(folder: Path, quick: bool) -> None:
    """Forecast all tables, and write the table, the numbers and the plot."""
    rows: list[Row] = []
    for table in panel_tables()[: 2 if quick else None]:
        rows += last_rows(table)
        if table.ages and not quick:
            rows += new_series(table)
        print(*rows[-2:], sep="\n", flush=True)
    (folder / "panels.json").write_text(json.dumps([dataclasses.asdict(row) for row in rows], indent=1) + "\n")
    (folder / "panels.md").write_text(report(rows), encoding="utf-8")
    picture(rows).savefig(folder / "panels.png")


def last_rows(table: PanelTable) -> list[Row]:
    """Forecast the last rows of each series from those before."""
    panel = table.panel[table.panel.lengths > table.horizon + 1]
    return _compare(table.name, first_rows(panel, panel.lengths - table.horizon), panel, None)


def new_series(table: PanelTable) -> list[Row]:
    """Forecast the last third of the time of some series, the others being known."""
    places = np.arange(len(table.panel))
    test, train = table.panel[places % _TEST == 0], table.panel[places % _TEST != 0]
    ends = [series.ts[0] + _SEEN * np.ptp(series.ts) for series in test]
    rows = [int(np.searchsorted(series.ts, end, side="right")) for series, end in zip(test, ends, strict=True)]
    use = np.array([0 < count < len(series.ts) for count, series in zip(rows, test, strict=True)])
    return _compare(f"{table.name}, new", first_rows(test[use], np.array(rows)[use]), test[use], train)


def first_rows(panel: TimeSeries, rows: Int[np.ndarray, " series"]) -> TimeSeries:
    """So many rows of each series."""
    known = np.arange(len(panel.ts)) - panel.starts[panel.owners] < rows[panel.owners]
    return dataclasses.replace(panel, ts=panel.ts[known], ys=panel.ys[known], lengths=rows)


def _compare(name: str, known: TimeSeries, whole: TimeSeries, train: TimeSeries | None) -> list[Row]:
    later = [series.ts[len(seen.ts) :] for series, seen in zip(whole, known, strict=True)]
    came = np.concatenate([series.ys[len(seen.ts) :] for series, seen in zip(whole, known, strict=True)])
    fitted = PanelForecaster().fit(known if train is None else train)
    forecasts = fitted.forecast_each(known, later)
    median = np.concatenate([forecast.median for forecast in forecasts])
    lower, upper = (np.concatenate([forecast.intervals[80][side] for forecast in forecasts]) for side in (0, 1))
    plain = [
        np.concatenate([own.median for own in PanelForecaster(methods=[method]).fit(known).forecast_each(known, later)])
        for method in PLAIN
    ]
    return [
        Row(
            table=f"{name}: {channel}",
            ours=_rmse(median[:, place], came[:, place]),
            best_plain=min(_rmse(own[:, place], came[:, place]) for own in plain),
            covered=int(np.sum((lower <= came) & (came <= upper), axis=0)[place]),
            values=int(np.sum(~np.isnan(came[:, place]))),
            method=fitted.methods_[channel],
        )
        for place, channel in enumerate(whole.channels)
    ]


def _rmse(forecast: Float[np.ndarray, " values"], came: Float[np.ndarray, " values"]) -> float:
    return float(np.sqrt(np.nanmean((forecast - came) ** 2)))


def ratio(rows: Sequence[Row]) -> float:
    """The geometric mean of our error over that of the best plain method."""
    return float(np.exp(np.mean([np.log(row.ours / row.best_plain) for row in rows])))


def report(rows: Sequence[Row]) -> str:
    """The table, a line for each channel of each table."""
    lines = [
        "# Forecasts of public tables of many series",
        "",
        "`PanelForecaster` with its defaults: the root mean squared error of its forecasts over that of the plain "
        "method (mean, last value, drift, seasonal naive) that turned out best; below 1 it is better. The last rows of "
        "each series are forecast; in the lines marked *new*, the last third of the time of one series in five, the "
        "others being known.",
        "",
        "| table | over best plain | in 80% interval | method |",
        "| --- | --- | --- | --- |",
    ]
    for row in rows:
        share = f"{100 * row.covered / row.values:.0f}%"
        lines.append(f"| {row.table} | {row.ours / row.best_plain:.2f} | {share} | {row.method} |")
    inside = 100 * sum(row.covered for row in rows) / sum(row.values for row in rows)
    return "\n".join([*lines, f"| all | {ratio(rows):.2f} | {inside:.0f}% | |"]) + "\n"


def picture(rows: Sequence[Row]) -> Figure:
    """Our error over that of the best plain method, and the coverage of the intervals."""
    figure = Figure(figsize=(10.0, 1.2 + 0.24 * len(rows)), layout="constrained", dpi=120)
    errors, coverage = figure.subplots(1, 2, sharey=True, width_ratios=[3, 2])
    columns = (
        (errors, [row.ours / row.best_plain for row in rows], 1.0, "error of PanelForecaster over best plain method"),
        (coverage, [100 * row.covered / row.values for row in rows], 80.0, "% of values in interval of 80%"),
    )
    for axes, values, wanted, label in columns:
        style_axes(axes)
        axes.plot(values, range(len(rows)), "o", color=COLORS[0])
        axes.axvline(wanted, color=INK, linewidth=0.8)
        axes.set_xlabel(label)
    coverage.set_xlim(-5, 105)
    errors.set_yticks(range(len(rows)), [row.table for row in rows])
    errors.invert_yaxis()
    return figure
