"""The columns of a table: those to forecast, and those that are known in advance."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from nde.data import DataError, Table
from nde.data.frames import did_you_mean
from nde.data.panel.dataframes import as_pandas
from nde.estimators.forecasting.calendar import Calendar
from nde.estimators.forecasting.history import Inputs


def columns_of(X: Any) -> tuple[Any, list[str], Float[np.ndarray, "rows columns"]]:
    """Times, names and values of the columns."""
    if isinstance(X, Table):
        return X.ts, list(X.names), np.asarray(X.ys, np.float64)
    frame = as_pandas(X)
    if frame is not None:
        return _columns_of_frame(frame)
    array = _real(np.asarray(X), "X")
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or not array.size:
        raise DataError(f"X must have shape (rows,) or (rows, columns); got {array.shape}.")
    names = ["value"] if array.shape[1] == 1 else [f"x{place}" for place in range(array.shape[1])]
    return np.arange(len(array)), names, array


def _columns_of_frame(frame: pd.DataFrame) -> tuple[pd.Index, list[str], Float[np.ndarray, "rows columns"]]:
    names = [str(name) for name in frame.columns]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"There are several columns '{twice}'; give each a name of its own.")
    if isinstance(frame.index, pd.MultiIndex):
        raise DataError(
            f"The index has {frame.index.nlevels} levels; expected times. For many series, use PanelForecaster."
        )
    if not names:
        raise DataError("The data frame has no columns; expected at least one.")
    columns = [_values(frame.iloc[:, place], name) for place, name in enumerate(names)]
    return frame.index, names, np.stack(columns, axis=1)


def _values(column: pd.Series, name: str) -> Float[np.ndarray, " rows"]:
    if column.dtype.kind in "mM" or isinstance(column.dtype, pd.PeriodDtype | pd.DatetimeTZDtype):
        raise DataError(f"Column '{name}' holds dates or durations; if they are the times, make them the index.")
    if pd.api.types.is_numeric_dtype(column.dtype):
        return _real(column.to_numpy(na_value=np.nan), f"Column '{name}'")
    return _real(column.astype(object).to_numpy(na_value=np.nan), f"Column '{name}'")


def _real(values: np.ndarray, name: str) -> np.ndarray:
    if values.dtype.kind == "c":
        raise DataError(f"{name} is complex; give real and imaginary parts as two columns.")
    try:
        return values.astype(np.float64)
    except (TypeError, ValueError):
        raise DataError(f"{name} has entries that are no numbers; leave it out, or convert it.") from None


def split_known(
    calendar: Calendar, names: list[str], ys: Float[np.ndarray, "rows columns"], known: Sequence[str]
) -> tuple[list[str], Float[np.ndarray, "rows_left columns_left"], Inputs | None]:
    """Columns to forecast, up to their last value, and the known inputs of all rows."""
    if not known:
        return names, ys, None
    missing = [name for name in known if name not in names]
    if missing:
        raise DataError(f"There is no column '{missing[0]}' to be known. {did_you_mean(missing[0], names)}")
    own = np.array([name in set(known) for name in names])
    if own.all():
        raise DataError("All columns are known; there is none to forecast.")
    values = ys[:, own]
    if not np.isfinite(values).all():
        row, column = (int(place) for place in np.argwhere(~np.isfinite(values))[0])
        name = [name for name in names if name in set(known)][column]
        raise DataError(f"Column '{name}' has no value in row {row + 1}; columns that are known have no gaps.")
    spread = values.std(axis=0)
    inputs = Inputs(calendar.ts, (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0))
    last = np.flatnonzero(~np.isnan(ys[:, ~own]).all(axis=1))
    rows = int(last[-1]) + 1 if last.size else 0
    return [name for name in names if name not in set(known)], ys[:rows, ~own], inputs
