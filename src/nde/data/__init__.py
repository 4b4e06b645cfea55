"""Measurements: tables of quantities over time, with gaps, from files."""

from nde.data.csv import read_csv
from nde.data.fan import LEVELS, Fan
from nde.data.lynx_hare import LYNX_HARE_SOURCE, load_lynx_hare
from nde.data.series import read_series
from nde.data.sunspots import SUNSPOTS_SOURCE, load_sunspots
from nde.data.table import DataError, Series, Table

__all__ = [
    "LEVELS",
    "LYNX_HARE_SOURCE",
    "SUNSPOTS_SOURCE",
    "DataError",
    "Fan",
    "Series",
    "Table",
    "load_lynx_hare",
    "load_sunspots",
    "read_csv",
    "read_series",
]
