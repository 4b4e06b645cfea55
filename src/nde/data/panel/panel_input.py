"""What users have, as a panel."""

from collections.abc import Sequence
from typing import Any

import numpy as np

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
    """A panel of a panel, a long data frame, an array, or a list of series.

    Args:
        X: A `TimeSeries`, or a list of its `Record`s; a long data frame of pandas; an array of shape
            `(series, time, channels)`, or `(series, time)` for one channel, whose times are 0, 1, 2, ...; or a list of
            arrays `(time, channels)` of several lengths.
        series: In a data frame the column that names series.
        time: In a data frame the column of times.
        channels: In a data frame the columns of measurements, by default all that are left; of arrays their names.
        static: In a data frame the columns of static features.
        target: In a data frame the column of targets, if it has one.

    Returns:
        The panel.

    Raises:
        DataError: If it can be none.

    Example:
        ```python
        import numpy as np
        from nde.data import as_panel

        print(as_panel(np.zeros((10, 50, 3))))
        ```
    """
    if isinstance(X, TimeSeries):
        return X
    if hasattr(X, "columns") and hasattr(X, "iloc"):
        return _of_frame(X, series, time, channels, static, target)
    if isinstance(X, list | tuple) and X and all(isinstance(each, Record) for each in X):
        return _of_records(X, channels)
    return _of_arrays(X, channels)


def _of_frame(
    frame: Any,
    series: str | None,
    time: str | None,
    channels: Sequence[str] | None,
    static: Sequence[str],
    target: str | None,
) -> TimeSeries:
    if time is None:
        raise DataError(
            "Got a data frame, and not which column holds the times: name it with time=, and with series= the one that "
            "names the series."
        )
    there = target if target in frame.columns else None
    if target is not None and there is None and channels is None:
        channels = [name for name in frame.columns if name not in {series, time, *static}]
    return TimeSeries.from_frame(frame, series, time, channels, static, there)


def _of_records(records: Sequence[Record], channels: Sequence[str] | None) -> TimeSeries:
    """A panel of some of the series of another: what `cross_val_score` makes of one."""
    targets = [record.target for record in records]
    known = all(target is not None for target in targets)
    return TimeSeries.from_arrays(
        [record.ys for record in records],
        [record.ts for record in records],
        ids=[record.id for record in records],
        channels=channels if channels is not None and len(channels) == records[0].ys.shape[1] else None,
        static=np.stack([record.static for record in records]),
        targets=targets if known else None,
    )


def _of_arrays(X: Any, channels: Sequence[str] | None) -> TimeSeries:
    if hasattr(X, "toarray"):
        raise TypeError("Got a sparse matrix; a dense array is wanted: `X.toarray()`.")
    if isinstance(X, list | tuple) and not _ragged(X):
        X = np.asarray(X)
    if hasattr(X, "__array__"):
        X = _checked(np.asarray(X))
    wide = np.ndim(X[0]) == 2 and np.shape(X[0])[1]
    named = channels if channels is not None and len(channels) == (wide or 1) else None
    return TimeSeries.from_arrays(X, channels=named)


def _ragged(X: Sequence[Any]) -> bool:
    return len({np.shape(each) for each in X}) > 1


def _checked(X: np.ndarray) -> np.ndarray:
    if X.ndim not in {2, 3}:
        raise DataError(
            f"Got an array of shape {X.shape}; (series, time, channels) is wanted, or (series, time) for one channel. "
            "Reshape your data: `X[None]` makes a panel of a single series."
        )
    if X.dtype.kind == "O":
        X = X.astype(float)
    if X.dtype.kind == "c":
        raise ValueError("Complex data not supported: take real and imaginary parts as channels.")
    if not X.shape[0] or not X.shape[1]:
        what = "sample(s)" if not X.shape[0] else "feature(s)"
        raise DataError(f"Got 0 {what} (shape={X.shape}) while a minimum of 1 is required.")
    if np.isinf(X).any():
        raise DataError("Got infinite values (inf); finite ones are wanted, and nan (NaN) for gaps.")
    return X
