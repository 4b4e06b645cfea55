"""Rows of panels from containers of aeon and sktime."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from nde.core.extras import require
from nde.data.panel.arrays import rows_of_arrays
from nde.data.panel.dataframes import check_same_columns, free_name
from nde.data.panel.frame import numbers_of, rows_of_frame, times_of
from nde.data.panel.rows import Rows, check_count, concatenate_times, no_static
from nde.data.table import DataError

_EXPECTED = (
    "expected an array (cases, channels, timepoints), a list of arrays (channels, timepoints), a data frame with a row "
    "index of (case, time), or a list of data frames with times as index and channels as columns"
)


def rows_of_container(x: Any, targets: Any = None) -> Rows:
    """Convert a container of aeon or sktime to rows, detecting its format; see `TimeSeries.from_panel`.

    Raises:
        DataError: If the format is not recognized.
    """
    require("nde.data", "pandas")
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    if isinstance(x, pd.DataFrame):
        return _rows_of_multiindex(x, targets)
    if isinstance(x, list | tuple):
        if x and all(isinstance(each, pd.DataFrame) for each in x):
            return _rows_of_frames(x, targets)
        return rows_of_arrays([_transposed(each) for each in x], targets=targets)
    array = np.asarray(x)
    if array.ndim not in {2, 3}:
        raise DataError(f"Got a {type(x).__name__} of shape {array.shape}; {_EXPECTED}.")
    return rows_of_arrays([_transposed(each) for each in array], targets=targets)


def _transposed(series: Any) -> np.ndarray:
    array = np.asarray(series)
    if array.ndim not in {1, 2}:
        raise DataError(f"Got a series of shape {array.shape}; expected (channels, timepoints) or (timepoints,).")
    return array.T


def _rows_of_multiindex(frame: Any, targets: Any) -> Rows:
    if frame.index.nlevels != 2:
        raise DataError(
            f"Got a data frame with {frame.index.nlevels} levels of row index; {_EXPECTED}. For frames with series and "
            "times in columns, use TimeSeries.from_frame."
        )
    long = frame.rename(columns=str)
    case, time = (free_name(level, long.columns) for level in ("case", "time"))
    long = long.reset_index(names=[case, time])
    rows = rows_of_frame(long, case, time, None, (), None)
    return _with_targets(rows, targets)


def _rows_of_frames(frames: Sequence[Any], targets: Any) -> Rows:
    check_same_columns(frames)
    columns = list(frames[0].columns)
    rows = Rows(
        ids=tuple(range(len(frames))),
        lengths=np.array([len(frame) for frame in frames]),
        times=concatenate_times(_index_times(frame) for frame in frames),
        ys=np.concatenate(
            [np.stack([numbers_of(frame[name], str(name)) for name in columns], axis=1) for frame in frames]
        ),
        channels=tuple(str(name) for name in columns),
        static=no_static(len(frames)),
    )
    return _with_targets(rows, targets)


def _index_times(frame: Any) -> np.ndarray:
    return times_of(frame.index.to_series(), "index")


def _with_targets(rows: Rows, targets: Any) -> Rows:
    if targets is None:
        return rows
    labels = np.asarray(targets)
    check_count("targets", len(labels), len(rows.ids))
    return dataclasses.replace(rows, targets=labels)
