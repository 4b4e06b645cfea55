"""Arrays and datasets of xarray as pandas frames."""

from typing import TYPE_CHECKING, Any

from nde.data.table import DataError

if TYPE_CHECKING:
    import pandas

_TIME = "time"
"""What the dimension of times is called in most files."""


def is_xarray(X: Any) -> bool:
    """Whether something is a `DataArray` or `Dataset` of xarray, which need not be installed."""
    return all(hasattr(X, name) for name in ("to_dataframe", "dims", "coords"))


def frame_of_xarray(X: Any) -> "pandas.DataFrame":
    """Convert a `DataArray` or `Dataset` to a long frame, indexed by its times, or by series and times.

    Variables are columns; dimensions other than that of times identify series. Coordinates that are not dimensions are
    left out.

    Raises:
        DataError: If there is no dimension, or there are three or more and it is unclear which is that of times.
    """
    what = f"Got a {type(X).__name__} of xarray"
    if not X.dims:
        raise DataError(f"{what} without dimensions; expected one of times.")
    if not hasattr(X, "data_vars"):
        X = X.to_dataset(name="value" if X.name is None else X.name)
    frame = X.reset_coords(drop=True).to_dataframe()
    time = _time_of(frame.index)
    if frame.index.nlevels == 1 or (time is None and frame.index.nlevels == 2):
        return frame
    if time is None:
        raise DataError(
            f"{what} with the dimensions {', '.join(map(str, frame.index.names))}, of which none has dates; rename "
            f"that of times to '{_TIME}'."
        )
    others = [name for name in frame.index.names if name != time]
    return frame.reorder_levels([others[0], time]) if len(others) == 1 else _with_one_series_level(frame, others, time)


def _time_of(index: "pandas.Index") -> Any:
    """The name of the level of times: the only one of dates or durations, else the one named `time`, or `None`."""
    names = list(index.names)
    dated = [name for name in names if index.get_level_values(name).dtype.kind in "mM"]
    return dated[0] if len(dated) == 1 else _TIME if _TIME in names else None


def _with_one_series_level(frame: "pandas.DataFrame", others: list[Any], time: Any) -> "pandas.DataFrame":
    """The frame with one level of series in place of several dimensions, such as `lat=47.5, lon=8.5`."""
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    columns = [[f"{name}={value}" for value in frame.index.get_level_values(name)] for name in others]
    ids = [", ".join(parts) for parts in zip(*columns, strict=True)]
    index = pd.MultiIndex.from_arrays([ids, frame.index.get_level_values(time)], names=["series", time])
    return frame.set_axis(index)
