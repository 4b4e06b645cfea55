"""Forecasts of public tables beside plain methods, exponential smoothing and SARIMAX, from three points of each."""

import dataclasses
import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
from matplotlib.figure import Figure
from threadpoolctl import threadpool_limits

from experiments.tables_data import Forecasting, forecasting_tables
from nde.estimators import Forecaster
from nde.plot.style import COLORS, INK, style_axes

ORIGINS = 3
PLAIN = ("seasonal naive", "last value", "drift", "mean")
ETS = "exponential smoothing"
_ORDERS = ((0, 1, 1), (1, 1, 1), (2, 1, 2), (1, 0, 0), (2, 0, 1))
_SEASONAL = (0, 1, 1)
_LONGEST_SEASON = 24
_MOST_ROWS = 600


@dataclasses.dataclass(frozen=True)
class Row:
    """The errors of forecasts from one point of a table.

    Attributes:
        table: The table.
        ours: The root mean squared error of `Forecaster` with its defaults.
        plain: That of the plain method with the least error on the past before.
        best_plain: That of the plain method that turned out best.
        ets: That of exponential smoothing.
        sarimax: That of SARIMAX, its orders chosen by the corrected information criterion.
        covered: How many values were within the interval of 80%.
        values: How many values there were.
        method: What `Forecaster` used: a method, or the weighted mean of two.
    """

    table: str
    ours: float
    plain: float
    best_plain: float
    ets: float
    sarimax: float
    covered: int
    values: int
    method: str


def run(folder: Path, quick: bool) -> None:
    """Forecast all tables, and write the table, the numbers and the plot."""
    tables = forecasting_tables()[:2] if quick else forecasting_tables()
    rows = []
    for table in tables:
        for origin in range(1, 2 if quick else ORIGINS + 1):
            rows.append(measure(table, origin))
            print(rows[-1], flush=True)
    (folder / "tables.json").write_text(json.dumps([dataclasses.asdict(row) for row in rows], indent=1) + "\n")
    (folder / "tables.md").write_text(report(rows), encoding="utf-8")
    picture(rows).savefig(folder / "tables.png")


def measure(table: Forecasting, origin: int) -> Row:
    """Forecast a table from a point `origin` horizons before its end."""
    cut = len(table.series) - origin * table.horizon
    known, came = table.series.iloc[:cut], table.series.iloc[cut : cut + table.horizon].to_numpy()
    forecaster = Forecaster(table.horizon).fit(known)
    forecast = forecaster.predict()
    lower, upper = (end[:, 0] for end in forecast.intervals[80])
    past = {score.name: score.rmse for score in forecaster.scores_[str(table.series.name)]}
    (column,) = forecaster.columns_
    ends = {name: rmse(end.median, came) for name, (_, end) in column.found.items()}
    plain = [name for name in PLAIN if name in ends]
    return Row(
        table=table.name,
        ours=rmse(forecast.median[:, 0], came),
        plain=ends[min(plain, key=lambda name: past.get(name, np.inf))],
        best_plain=min(ends[name] for name in plain),
        ets=ends.get(ETS, np.nan),
        sarimax=rmse(sarimax(known, table.rows, table.horizon), came),
        covered=int(np.sum((lower <= came) & (came <= upper))),
        values=int(np.sum(~np.isnan(came))),
        method=" and ".join(next(iter(forecaster.weights_.values()))),
    )


def rmse(forecast: np.ndarray, came: np.ndarray) -> float:
    """The root mean squared error over known values."""
    return float(np.sqrt(np.nanmean((forecast - came) ** 2)))


def sarimax(known: pd.Series, season: float, horizon: int) -> np.ndarray:
    """The forecast of a seasonal ARIMA model; of logarithms if values differ by more than a factor of three."""
    ys = known.interpolate().bfill().to_numpy(float)[-_MOST_ROWS:]
    logs = bool(ys.min() > 0 and ys.max() / ys.min() > 3)
    rows = round(season)
    seasonal = (*_SEASONAL, rows) if 2 <= rows <= _LONGEST_SEASON else (0, 0, 0, 0)
    best: Any = None
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for order in _ORDERS:
            trend = "c" if order[1] == 0 and seasonal[1] == 0 else None
            try:
                fit: Any = sm.tsa.SARIMAX(
                    np.log(ys) if logs else ys, order=order, seasonal_order=seasonal, trend=trend
                ).fit(disp=0, maxiter=50)
            except (ValueError, np.linalg.LinAlgError):
                continue
            if np.isfinite(fit.aicc) and (best is None or fit.aicc < best.aicc):
                best = fit
        forecast = np.full(horizon, ys[-1]) if best is None else np.asarray(best.forecast(horizon))
    return np.exp(forecast) if logs and best is not None else forecast


def ratio(rows: Sequence[Row], of: str) -> float:
    """The geometric mean of our error over another."""
    references = [min(row.ets, row.sarimax) if of == "models" else getattr(row, of) for row in rows]
    return float(np.exp(np.mean([np.log(row.ours / other) for row, other in zip(rows, references, strict=True)])))


def report(rows: Sequence[Row]) -> str:
    """The table, one line for each data set: means over the points."""
    lines = [
        "# Forecasts of public tables",
        "",
        "`Forecaster` with its defaults, told nothing but the horizon, from three points of each table. Geometric "
        "means of its RMSE over that of other methods; below 1 it is better. *Plain* is the plain method (mean, "
        "last value, drift, seasonal naive) with the least error on the past before each point, *best plain* the "
        "one that turned out best, *ETS or SARIMAX* the better of the two as it turned out; SARIMAX is told the "
        "season.",
        "",
        "| table | over plain | over best plain | over ETS or SARIMAX | in 80% interval | methods used |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name in (*dict.fromkeys(row.table for row in rows), "all"):
        own = [row for row in rows if name in {row.table, "all"}]
        inside = 100 * sum(row.covered for row in own) / sum(row.values for row in own)
        used = ", ".join(dict.fromkeys(row.method for row in own))
        ratios = " | ".join(f"{ratio(own, of):.2f}" for of in ("plain", "best_plain", "models"))
        lines.append(f"| {name} | {ratios} | {inside:.0f}% | {used} |")
    return "\n".join(lines) + "\n"


def picture(rows: Sequence[Row]) -> Figure:
    """Our error over that of the best plain method and of the better of ETS and SARIMAX, for each table."""
    names = list(dict.fromkeys(row.table for row in rows))
    figure = Figure(figsize=(8.0, 1.2 + 0.26 * len(names)), layout="constrained", dpi=120)
    axes = figure.subplots()
    style_axes(axes)
    for place, (of, label) in enumerate((("best_plain", "best plain method"), ("models", "better of ETS and SARIMAX"))):
        values = [ratio([row for row in rows if row.table == name], of) for name in names]
        axes.plot(values, range(len(names)), "os"[place], color=COLORS[place], label=f"over the {label}")
    axes.axvline(1.0, color=INK, linewidth=0.8)
    axes.set_xscale("log")
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlabel("error of Forecaster over that of the other method")
    axes.legend(frameon=False, fontsize=8.5, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2)
    return figure
