"""Time series data: tables and panels with missing values and irregular sampling."""

from nde.data.array_loader import ArrayLoader
from nde.data.csv import read_csv, read_indexed
from nde.data.fan import LEVELS, Fan
from nde.data.files.read_options import ReadOptions
from nde.data.japanese_vowels import JAPANESE_VOWELS_SOURCE, load_japanese_vowels
from nde.data.lynx_hare import LYNX_HARE_SOURCE, load_lynx_hare
from nde.data.panel import (
    Batch,
    Clock,
    Loader,
    Normalization,
    PanelFile,
    Record,
    as_panel,
    bucket_lengths,
    drop_observations,
    pad,
    read_panel,
    read_rows,
    with_intensities,
    with_masks,
    with_time,
)
from nde.data.series import read_series
from nde.data.sunspots import SUNSPOTS_SOURCE, load_sunspots
from nde.data.table import DataError, Series, Table
from nde.data.times.zone import Zone

__all__ = [
    "JAPANESE_VOWELS_SOURCE",
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
    "PanelFile",
    "ReadOptions",
    "Record",
    "Series",
    "Table",
    "Zone",
    "as_panel",
    "bucket_lengths",
    "drop_observations",
    "load_japanese_vowels",
    "load_lynx_hare",
    "load_sunspots",
    "pad",
    "read_csv",
    "read_indexed",
    "read_panel",
    "read_rows",
    "read_series",
    "with_intensities",
    "with_masks",
    "with_time",
]
