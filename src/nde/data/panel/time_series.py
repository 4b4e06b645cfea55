"""Panels of irregular time series."""

import dataclasses
from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from jaxtyping import Bool, Float, Int

from nde.data.panel.check import check_lengths, check_rows
from nde.data.panel.clock import Clock, read_clock
from nde.data.panel.constructors import AbstractPanel
from nde.data.panel.frame import frame_of_rows
from nde.data.panel.record import Record
from nde.data.panel.rows import Rows
from nde.data.plural import pluralize
from nde.data.table import DataError

if TYPE_CHECKING:
    import pandas


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class TimeSeries(AbstractPanel):
    """Panel of irregular time series with the same channels, varying lengths and times, and missing values.

    Create one with `from_frame`, `from_wide`, `from_arrays` or `from_panel`. Panels are immutable; functions that
    prepare a panel return a new one. `len(panel)` is the number of series; `panel[2]` is one series, a
    `nde.data.Record`; `panel[2:5]`, `panel[[7, 1]]` and `panel[mask]` are panels. The rows of all series are
    concatenated, as `float64`.

    Attributes:
        ts: Times of all rows, of shape `(rows,)`, increasing within each series.
        ys: Values of the channels, of shape `(rows, channels)`; `nan` for missing values.
        lengths: Number of rows of each series, of shape `(series,)`.
        ids: Ids of the series. Several series may have the same id, for example in a bootstrap sample.
        channels: Names of the channels.
        static: Static features of each series, of shape `(series, features)`; there may be none.
        static_names: Names of the static features.
        targets: Targets of the series, numbers or labels, with a first axis of series; or `None`.
        clock: Conversion of times back to those of the data.

    Raises:
        DataError: If there is no series; a series has no row or no observation; times are not finite or do not
            increase; values are infinite; a name is repeated; or static features are not finite.

    Example:
        ```python
        import numpy as np
        import nde

        heart_rates = [np.array([80.0, np.nan, 84.0]), np.array([61.0, 60.0])]
        panel = nde.TimeSeries.from_arrays(heart_rates, [[0.0, 0.5, 3.0], [0.0, 2.0]], channels=["rate"])
        print(panel, panel[0].ts, panel.lengths)
        ```
    """

    ts: Float[np.ndarray, " rows"]
    ys: Float[np.ndarray, "rows channels"]
    lengths: Int[np.ndarray, " series"]
    ids: tuple[Hashable, ...]
    channels: tuple[str, ...]
    static: Float[np.ndarray, "series features"]
    static_names: tuple[str, ...]
    targets: np.ndarray | None
    clock: Clock

    def __post_init__(self) -> None:
        for name in ("ts", "ys", "lengths", "static", "targets"):
            array = getattr(self, name)
            if array is not None and array.flags.writeable:
                frozen = array.copy()
                frozen.flags.writeable = False
                object.__setattr__(self, name, frozen)
        check_rows(
            Rows(self.ids, self.lengths, self.ts, self.ys, self.channels, self.static, self.static_names, self.targets)
        )

    @classmethod
    def concatenate(cls, panels: Iterable["TimeSeries"]) -> "TimeSeries":
        """Concatenate the series of several panels.

        Args:
            panels: The panels.

        Returns:
            The panel of all series, in order.

        Raises:
            DataError: If panels differ in channels, static features, the unit or scale of times, or whether they have
                targets; or if there are no panels.

        Example:
            ```python
            import numpy as np
            import nde

            panel = nde.TimeSeries.from_arrays(np.zeros((10, 5, 1)))
            print(len(nde.TimeSeries.concatenate([panel[:3], panel[7:]])))
            ```
        """
        parts = list(panels)
        if not parts:
            raise DataError("Got no panels to concatenate; expected at least one.")
        for part in parts:
            _check_compatible(parts[0], part)
        joined = {name: np.concatenate([getattr(p, name) for p in parts]) for name in ("ts", "ys", "lengths", "static")}
        labels = [p.targets for p in parts if p.targets is not None]
        return dataclasses.replace(
            parts[0],
            **joined,
            ids=tuple(name for part in parts for name in part.ids),
            targets=np.concatenate(labels) if labels else None,
            clock=dataclasses.replace(parts[0].clock, origins=np.concatenate([p.clock.origins for p in parts])),
        )

    def to_frame(self) -> "pandas.DataFrame":
        """Convert to a long data frame, indexed by series and time, with a column for each channel.

        `TimeSeries.from_frame` reads it again, unless several series have the same id. Static features and targets are
        not in it.

        Returns:
            The pandas data frame, with the times of the data.

        Example:
            ```python
            import numpy as np
            import nde

            panel = nde.TimeSeries.from_arrays(np.zeros((2, 3, 1)), ids=["a", "b"], channels=["height"])
            print(panel.to_frame())
            ```
        """
        return frame_of_rows(self.ids, self.owners, self._times(), self.ys, self.channels)

    def _times(self) -> np.ndarray:
        """The times of all rows as in the data."""
        each = np.split(self.ts, self.starts[1:])
        return np.concatenate([self.clock.restore(ts, place) for place, ts in enumerate(each)])

    @classmethod
    def _of_rows(cls, rows: Rows, unit: str, since: Any) -> "TimeSeries":
        """Create a panel from the rows of all series; see `from_frame`."""
        check_lengths(rows)
        ts, clock = read_clock(rows.times, rows.lengths, unit, since)
        return cls(
            ts=ts,
            ys=rows.ys,
            lengths=rows.lengths,
            ids=rows.ids,
            channels=rows.channels,
            static=rows.static,
            static_names=rows.static_names,
            targets=rows.targets,
            clock=clock,
        )

    @cached_property
    def starts(self) -> Int[np.ndarray, " series"]:
        """Index of the first row of each series."""
        return np.cumsum(self.lengths) - self.lengths

    @property
    def owners(self) -> Int[np.ndarray, " rows"]:
        """Index of the series of each row."""
        return np.repeat(np.arange(len(self)), self.lengths)

    @property
    def observed(self) -> Bool[np.ndarray, "rows channels"]:
        """Whether each value was observed."""
        return ~np.isnan(self.ys)

    def subset(self, ids: Iterable[Hashable]) -> "TimeSeries":
        """Select series by id.

        Args:
            ids: Ids, in the order of the result. An id shared by several series selects all of them.

        Returns:
            The panel of these series.

        Raises:
            DataError: If there is no series with an id.

        Example:
            ```python
            import numpy as np
            import nde

            panel = nde.TimeSeries.from_arrays(np.zeros((3, 5, 1)), ids=["a", "b", "c"])
            print(panel.subset(["c", "a"]).ids)
            ```
        """
        places: dict[Hashable, list[int]] = {}
        for place, name in enumerate(self.ids):
            places.setdefault(name, []).append(place)
        chosen = list(ids)
        for name in chosen:
            if name not in places:
                raise DataError(f"There is no series {name!r} among the {len(self)}; `panel.ids` lists them.")
        return self._at(np.array([place for name in chosen for place in places[name]], np.int64))

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[Record]:
        return (self[place] for place in range(len(self)))

    @overload
    def __getitem__(self, which: int) -> Record: ...

    @overload
    def __getitem__(self, which: slice | Sequence[int] | np.ndarray) -> "TimeSeries": ...

    def __getitem__(self, which: Any) -> Any:
        if isinstance(which, list | tuple) and not len(which):
            which = slice(0)
        places = np.arange(len(self))[which if isinstance(which, slice) else np.asarray(which)]
        return self._record(int(places)) if places.ndim == 0 else self._at(places)

    def _record(self, place: int) -> Record:
        rows = slice(self.starts[place], self.starts[place] + self.lengths[place])
        target = None if self.targets is None else self.targets[place]
        return Record(
            self.ids[place],
            self.ts[rows],
            self.ys[rows],
            self.static[place],
            target,
            self.channels,
            self.static_names,
        )

    def _at(self, places: Int[np.ndarray, " some"]) -> "TimeSeries":
        rows = rows_at(self.starts, self.lengths, places)
        return dataclasses.replace(
            self,
            ts=self.ts[rows],
            ys=self.ys[rows],
            lengths=self.lengths[places],
            ids=tuple(self.ids[place] for place in places),
            static=self.static[places],
            targets=None if self.targets is None else self.targets[places],
            clock=self.clock.of_series(places),
        )

    def __repr__(self) -> str:
        least, middle, most = int(self.lengths.min()), float(np.median(self.lengths)), int(self.lengths.max())
        missing = 100 * (1 - self.observed.mean())
        parts = [
            f"{len(self)} series",
            f"lengths {least}–{middle:g}–{most} (min–median–max)",
            _list_names(self.channels, "channel"),
            f"{missing:.3g}% missing",
        ]
        if self.static_names:
            parts.append(_list_names(self.static_names, "static feature"))
        if self.targets is not None:
            parts.append("targets")
        return f"TimeSeries({', '.join(parts)})"


def rows_at(
    starts: Int[np.ndarray, " series"], lengths: Int[np.ndarray, " series"], places: Int[np.ndarray, " some"]
) -> Int[np.ndarray, " rows"]:
    """The indices of the rows of some series, concatenated."""
    chosen = lengths[places]
    first = np.cumsum(chosen) - chosen
    return np.arange(chosen.sum()) + np.repeat(starts[places] - first, chosen)


def _check_compatible(first: TimeSeries, other: TimeSeries) -> None:
    for name in ("channels", "static_names"):
        ours, theirs = getattr(first, name), getattr(other, name)
        if ours != theirs:
            raise DataError(f"Panels to concatenate have {name} {ours} and {theirs}; all must have the same.")
    if (first.targets is None) != (other.targets is None):
        raise DataError("Panels to concatenate must either all have targets or all have none; only some have targets.")
    if not first.clock.agrees(other.clock):
        raise DataError(
            f"Panels to concatenate count times in {first.clock.unit or 'numbers'} and {other.clock.unit or 'numbers'}"
            ", or scale them differently; read and normalize them in the same way."
        )


def _list_names(names: Sequence[str], what: str, most: int = 6) -> str:
    listed = ", ".join([*names[:most], *(["..."] if len(names) > most else [])])
    return f"{pluralize(len(names), what)} ({listed})"
