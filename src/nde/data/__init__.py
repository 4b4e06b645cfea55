"""Measurements: tables and panels of quantities over time, with gaps."""

from nde.data.array_loader import ArrayLoader
from nde.data.csv import read_csv
from nde.data.fan import LEVELS, Fan
from nde.data.lynx_hare import LYNX_HARE_SOURCE, load_lynx_hare
from nde.data.panel import (
    Batch,
    Clock,
    Loader,
    Normalization,
    Record,
    bucket_lengths,
    drop_observations,
    pad,
    with_intensities,
    with_masks,
    with_time,
)
from nde.data.series import read_series
from nde.data.sunspots import SUNSPOTS_SOURCE, load_sunspots
from nde.data.table import DataError, Series, Table

__all__ = [
    "LEVELS",
    "LYNX_HARE_SOURCE",
    "SUNSPOTS_SOURCE",
    "ArrayLoader",
    "Batch",
    "Clock",
    "DataError",
    "Fan",
    "Loader",
    "Normalization",
    "Record",
    "Series",
    "Table",
    "bucket_lengths",
    "drop_observations",
    "load_lynx_hare",
    "load_sunspots",
    "pad",
    "read_csv",
    "read_series",
    "with_intensities",
    "with_masks",
    "with_time",
]
