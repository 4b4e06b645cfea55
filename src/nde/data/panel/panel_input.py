"""Conversion of inputs to panels."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from nde.data.panel.dataframes import as_pandas, stack_frames
from nde.data.panel.record import Record
from nde.data.panel.time_series import TimeSeries
from nde.data.table import DataError


def as_panel(
    X: Any,
    *,
    series: str | None = None,
    time: str | None = None,
    channels: Sequence[str] | None = None,
    static: Sequence[str] = (),
    target: str | None = None,
) -> TimeSeries:
    """Convert a panel, data frames, an array, or a list of series to a panel.

    Args:
        X: A `TimeSeries`, a `Record` or a list of them; a long data frame, as for `TimeSeries.from_frame`; a list of
            data frames, one for each series, with times as index or in a column; a `Dataset` or `DataArray` of xarray;
            an array of shape `(series, time, channels)`, or `(series, time)` for one channel, with times 0, 1, 2, ...;
            or a list of arrays of shape `(time, channels)` and varying length. For wide data frames use
            `TimeSeries.from_wide`.
        series: For a data frame, the column or level of the index that identifies series.
        time: For a data frame, the column or level of the index with times; by default the index.
        channels: For a data frame, the columns of measurements, by default all remaining columns; for arrays, names of
            the channels.
        static: For a data frame, the columns of static features.
        target: For a data frame, the column of targets, if it exists.

    Returns:
        The panel.

    Raises:
        DataError: If the input cannot be converted.
        TypeError: If the input is a sparse matrix.

    Example:
        ```python
        import numpy as np
        from nde.data import as_panel

        print(as_panel(np.zeros((10, 50, 3))))
        ```
    """
    if isinstance(X, TimeSeries):
        return X
    if isinstance(X, Record):
        X = [X]
    if isinstance(X, list | tuple) and X:
        if all(isinstance(each, Record) for each in X):
            return _of_records(X, channels)
        X = _stacked(X, series, time)
    frame = as_pandas(X)
    if frame is None:
        return _of_arrays(X, channels)
    there = target if target in frame.columns else None
    return TimeSeries.from_frame(frame, series, time, channels, static, there)


def _stacked(X: Sequence[Any], series: str | None, time: str | None) -> Any:
    """One data frame from a list of them; a list of anything else is returned unchanged."""
    frames = [frame for frame in map(as_pandas, X) if frame is not None]
    return stack_frames(frames, series, time) if len(frames) == len(X) else X


def _of_records(records: Sequence[Record], channels: Sequence[str] | None) -> TimeSeries:
    """A panel from some of the series of another, which is what `cross_val_score` passes."""
    first, targets = records[0], [record.target for record in records]
    named = channels if channels is not None and len(channels) == first.ys.shape[1] else first.channels
    known = all(target is not None for target in targets)
    return TimeSeries.from_arrays(
        [record.ys for record in records],
        [record.ts for record in records],
        ids=[record.id for record in records],
        channels=named or None,
        static=np.stack([record.static for record in records]),
        static_names=first.static_names or None,
        targets=targets if known else None,
    )


def _of_arrays(X: Any, channels: Sequence[str] | None) -> TimeSeries:
    if hasattr(X, "toarray"):
        raise TypeError("Got a sparse matrix; expected a dense array: pass `X.toarray()`.")
    if isinstance(X, list | tuple) and not _ragged(X):
        X = np.asarray(X)
    if hasattr(X, "__array__"):
        X = _check_array(np.asarray(X))
    wide = np.ndim(X[0]) == 2 and np.shape(X[0])[1]
    named = channels if channels is not None and len(channels) == (wide or 1) else None
    return TimeSeries.from_arrays(X, channels=named)


def _ragged(X: Sequence[Any]) -> bool:
    return len({np.shape(each) for each in X}) > 1


def _check_array(X: np.ndarray) -> np.ndarray:
    if X.ndim not in {2, 3}:
        raise DataError(
            f"Got an array of shape {X.shape}; expected (series, time, channels), or (series, time) for one channel. "
            "Reshape your data: `X[None]` is a panel with a single series."
        )
    if X.dtype.kind == "O":
        X = X.astype(float)
    if X.dtype.kind == "c":
        raise ValueError("Complex data not supported: use real and imaginary parts as channels.")
    if not X.shape[0] or not X.shape[1]:
        what = "sample(s)" if not X.shape[0] else "feature(s)"
        raise DataError(f"Got 0 {what} (shape={X.shape}) while a minimum of 1 is required.")
    if np.isinf(X).any():
        raise DataError("Got infinite values (inf); expected finite values, or nan (NaN) for missing values.")
    return X
