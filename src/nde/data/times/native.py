"""Columns of times that have a type of their own."""

from typing import TYPE_CHECKING

from nde.core.extras import require
from nde.data.times.zone import Zone

if TYPE_CHECKING:
    import pandas


def naive_times(column: "pandas.Series") -> tuple["pandas.Series", Zone | None]:
    """Periods as their first moment, and dates with a time zone as those in UTC without; and the zone.

    Other columns are returned unchanged.
    """
    require("nde.data", "pandas")
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    if isinstance(column.dtype, pd.PeriodDtype):
        return column.dt.to_timestamp(), None
    if not isinstance(column.dtype, pd.DatetimeTZDtype):
        return column, None
    naive = column.dt.tz_convert("UTC").dt.tz_localize(None)
    wall = column.dt.tz_localize(None)
    known = ~naive.isna()
    minutes = (wall - naive)[known].dt.total_seconds() / 60
    return naive, Zone.of_offsets(naive[known].to_numpy(), [round(minute) for minute in minutes.tolist()])
