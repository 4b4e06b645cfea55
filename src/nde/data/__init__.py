"""Measurements: tables of quantities over time, with gaps, from files."""

from nde.data.csv import read_csv
from nde.data.lynx_hare import LYNX_HARE_SOURCE, load_lynx_hare
from nde.data.table import DataError, Table

__all__ = ["LYNX_HARE_SOURCE", "DataError", "Table", "load_lynx_hare", "read_csv"]
