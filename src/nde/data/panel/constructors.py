"""Panels from data frames, arrays and the containers of other libraries."""

import abc
import dataclasses
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np

from nde.data.panel.arrays import rows_of_arrays
from nde.data.panel.container import rows_of_container
from nde.data.panel.frame import rows_of_frame
from nde.data.panel.rows import Rows
from nde.data.panel.wide import rows_of_wide

Panel = TypeVar("Panel", bound="AbstractPanel")


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class AbstractPanel(abc.ABC):
    """What `nde.TimeSeries` is created from."""

    @classmethod
    @abc.abstractmethod
    def _of_rows(cls: type[Panel], rows: Rows, unit: str, since: Any) -> Panel:
        """Create a panel from the rows of all series.

        Args:
            rows: The rows.
            unit: Unit for dates and durations; see `from_frame`.
            since: Origin of times; see `from_frame`.

        Raises:
            DataError: If the rows are not a valid panel.
        """

    @classmethod
    def from_frame(
        cls: type[Panel],
        frame: Any,
        series: str | None = None,
        time: str | None = None,
        channels: Sequence[str] | None = None,
        static: Sequence[str] = (),
        target: str | None = None,
        *,
        unit: str = "D",
        since: Any = None,
    ) -> Panel:
        """Create a panel from a long data frame: one row for each series and time, in any order.

        Series and times may be columns or levels of the index. A frame indexed by dates alone is one series.

        Numeric times do not change. Dates become numbers in `unit`, by default since the first date of their series, so
        that a series has the same times in every panel. `panel.clock` converts times back.

        Args:
            frame: A data frame of pandas, polars or Arrow; or a `Dataset` or `DataArray` of xarray, of which the
                dimensions other than that of times identify series.
            series: The column, or level of the index, that identifies the series of a row. By default the level beside
                that of times; without one there is only one series.
            time: The column, or level of the index, of times: numbers, dates (converted to UTC if they have a time
                zone) or durations. By default the index; of two levels, the one with dates, else the second.
            channels: The columns of measurements; by default all remaining columns. Empty cells are missing values.
            static: Columns of numbers that are the same in all rows of a series.
            target: A column of numbers or labels that is the same in all rows of a series.
            unit: Unit for dates and durations: `"W"`, `"D"`, `"h"`, `"min"`, `"s"`, `"ms"`, `"us"` or `"ns"`.
            since: Origin of times: `"series"` for the first time of each series; `"panel"` for the first time of all
                series; a date, number or duration; or `None`, which means `"series"` for dates, and numbers and
                durations unchanged.

        Returns:
            The panel, with series in order of first appearance.

        Raises:
            DataError: If a column is missing or not numeric; there are no times; a row has no series or time; a time is
                repeated within a series; a series has no observation; values are infinite; or a static feature or
                target changes within a series.

        Example:
            ```python
            import pandas as pd
            import nde

            days = pd.to_datetime(["2020-01-03", "2020-01-01", "2020-03-01"])
            frame = pd.DataFrame({"who": ["a", "a", "b"], "day": days, "rate": [81, 80, 61], "age": [50, 50, 31]})
            panel = nde.TimeSeries.from_frame(frame, series="who", time="day", static=["age"])
            print(panel[0].ts, panel.clock.restore([2.5], series=0))
            ```
        """
        return cls._of_rows(rows_of_frame(frame, series, time, channels, static, target), unit, since)

    @classmethod
    def from_wide(
        cls: type[Panel],
        frame: Any,
        orient: str,
        *,
        series: str | None = None,
        time: str | None = None,
        static: Sequence[str] = (),
        target: str | None = None,
        times: Any = None,
        channel: str = "value",
        unit: str = "D",
        since: Any = None,
    ) -> Panel:
        """Create a panel from a wide data frame: a column for each series, or a row for each series.

        Empty cells before the first and after the last value of a series are no rows of it, so series may have
        different lengths; empty cells in between are missing values.

        Args:
            frame: A data frame of pandas, polars or Arrow. If its columns have two levels, the first are channels.
            orient: `"columns"` if each series has a column, and the index holds times; `"rows"` if each series has a
                row, and the names of columns are times.
            series: The column with ids of series, if each has a row; by default the index.
            time: The column of times, if each series has a column; by default the index.
            static: Columns of static features, if each series has a row.
            target: The column of targets, if each series has a row.
            times: Times to use instead of the index, or of the names of columns.
            channel: The name of the channel.
            unit: As for `from_frame`.
            since: As for `from_frame`.

        Returns:
            The panel.

        Raises:
            DataError: If names or the index are neither numbers nor dates, a column is not numeric, a time is repeated,
                or a series has no value.

        Example:
            ```python
            import numpy as np
            import pandas as pd
            import nde

            days = pd.date_range("2024-01-01", periods=3)
            wide = pd.DataFrame({"Bern": [1.0, 2.0, 4.0], "Ulm": [np.nan, 3.0, 3.5]}, index=days)
            print(nde.TimeSeries.from_wide(wide, "columns").lengths)
            print(nde.TimeSeries.from_wide(wide.T, "rows").ids)
            ```
        """
        rows = rows_of_wide(
            frame, orient, series=series, time=time, static=static, target=target, times=times, channel=channel
        )
        return cls._of_rows(rows, unit, since)

    @classmethod
    def from_arrays(
        cls: type[Panel],
        values: Iterable[Any],
        ts: Any = None,
        *,
        ids: Sequence[Hashable] | None = None,
        channels: Sequence[str] | None = None,
        static: Any = None,
        static_names: Sequence[str] | None = None,
        targets: Any = None,
        unit: str = "D",
        since: Any = None,
    ) -> Panel:
        """Create a panel from arrays in which time is the first axis of each series.

        Args:
            values: For each series, an array of shape `(length, channels)`, or `(length,)` for one channel; or one
                array of shape `(series, length, channels)`. Missing values are `nan`.
            ts: Times: an array for each series, or one for all series; 0, 1, 2, ... by default. Numbers, or NumPy dates
                or durations.
            ids: Ids of the series; 0, 1, 2, ... by default.
            channels: Names of the channels; `x0`, `x1`, ... by default.
            static: Static features, of shape `(series, features)`.
            static_names: Names of the static features; `static0`, ... by default.
            targets: A number or label for each series.
            unit: As for `from_frame`.
            since: As for `from_frame`.

        Returns:
            The panel.

        Raises:
            DataError: If shapes do not match; times do not increase; a series has no observation; or values are
                infinite or not numeric.

        Example:
            ```python
            import numpy as np
            import nde

            walks = np.random.default_rng(0).normal(size=(100, 20, 3)).cumsum(axis=1)
            print(nde.TimeSeries.from_arrays(walks, np.linspace(0.0, 1.0, 20)))
            ```
        """
        rows = rows_of_arrays(
            values, ts, ids=ids, channels=channels, static=static, static_names=static_names, targets=targets
        )
        return cls._of_rows(rows, unit, since)

    @classmethod
    def from_panel(cls: type[Panel], x: Any, targets: Any = None, *, unit: str = "D", since: Any = None) -> Panel:
        """Create a panel from a container of aeon or sktime, in which channels come before time points.

        Args:
            x: An array `(cases, channels, timepoints)` (`numpy3D`) or `(cases, timepoints)` (`numpy2D`); a list of
                arrays `(channels, timepoints)` (`np-list`); a data frame with a row index of case and time
                (`pd-multiindex`); or a list of data frames with times as index and channels as columns (sktime's
                `df-list`; aeon's has channels as rows, so transpose each). A panel is returned unchanged.
            targets: A number or label for each series: the `y` of these libraries. By default, the targets of a panel.
            unit: As for `from_frame`, for date indices.
            since: As for `from_frame`.

        Returns:
            The panel.

        Raises:
            DataError: If the format is not recognized, or as for `from_arrays`.

        Source:
            The specifications of both libraries: https://www.sktime.net/en/stable/api_reference/data_format.html and
            `aeon.utils.data_types`.

        Example:
            ```python
            import numpy as np
            import nde

            print(nde.TimeSeries.from_panel(np.zeros((10, 2, 30)), targets=np.arange(10) % 2))
            ```
        """
        if isinstance(x, cls):
            return x if targets is None else dataclasses.replace(x, targets=np.array(targets))
        return cls._of_rows(rows_of_container(x, targets), unit, since)
