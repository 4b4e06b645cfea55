"""Panels of irregular time series, and their preparation for models."""

from nde.data.panel._read_panel import PanelFile, read_panel
from nde.data.panel._read_rows import columns_of_rows, read_rows
from nde.data.panel.batch import Batch, pad
from nde.data.panel.buckets import bucket_lengths
from nde.data.panel.channels import with_intensities, with_masks, with_time
from nde.data.panel.clock import Clock
from nde.data.panel.drop import drop_observations
from nde.data.panel.loader import Loader
from nde.data.panel.normalization import Normalization
from nde.data.panel.panel_input import as_panel
from nde.data.panel.record import Record
from nde.data.panel.time_series import TimeSeries

__all__ = [
    "Batch",
    "Clock",
    "Loader",
    "Normalization",
    "PanelFile",
    "Record",
    "TimeSeries",
    "as_panel",
    "bucket_lengths",
    "columns_of_rows",
    "drop_observations",
    "pad",
    "read_panel",
    "read_rows",
    "with_intensities",
    "with_masks",
    "with_time",
]
