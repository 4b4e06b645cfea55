"""Sorting and merging of the rows of a file."""

import dataclasses

import numpy as np
from jaxtyping import Bool, Float, Int

from nde.data.panel.notes import quote_names
from nde.data.plural import pluralize
from nde.data.table import DataError, clock_hint
from nde.data.times.text import time_text


@dataclasses.dataclass(frozen=True, eq=False)
class FileRows:
    """Rows of many series, in any order.

    Attributes:
        ids: Ids of the series.
        owners: Index of the series that each row belongs to.
        times: Times: numbers, dates or durations.
        ys: Values of the channels; `nan` for missing values.
        channels: Names of the channels.
    """

    ids: tuple[str, ...]
    owners: Int[np.ndarray, " rows"]
    times: np.ndarray
    ys: Float[np.ndarray, "rows channels"]
    channels: tuple[str, ...]


def merge_rows(rows: FileRows, duplicates: str | None = None) -> tuple[FileRows, list[str]]:
    """Sort rows by series and time, and merge rows with the same time; also returns notes on what was done.

    Args:
        rows: The rows.
        duplicates: What values that differ become: their `mean`, the `first` or the `last` of them.

    Raises:
        DataError: If rows with the same series and time contradict each other, and `duplicates` is not given.
    """
    notes = _notes_on_order(rows)
    order = np.lexsort((rows.times, rows.owners))
    owners, times, ys = rows.owners[order], rows.times[order], rows.ys[order]
    first = np.flatnonzero(~_repeats(owners, times))
    if len(first) < len(owners):
        differ = _disagreements(ys, first)
        if differ.any() and duplicates is None:
            raise _contradiction(dataclasses.replace(rows, owners=owners, times=times, ys=ys), first, differ)
        notes += _notes_on_repeats(ys, first, differ, duplicates)
        ys = merged(ys, first, duplicates)
    return dataclasses.replace(rows, owners=owners[first], times=times[first], ys=ys), notes


def merge_repeats(
    times: np.ndarray, ys: Float[np.ndarray, "rows channels"], owners: Int[np.ndarray, " rows"] | None, duplicates: str
) -> tuple[Int[np.ndarray, " kept"], Float[np.ndarray, "kept channels"], list[str]]:
    """Merge rows with the same series and time, and leave the others in their order.

    Returns:
        The indices of the rows that are kept, their values, and notes.
    """
    owners = np.zeros(len(times), np.int64) if owners is None else owners
    order = np.lexsort((times, owners))
    first = np.flatnonzero(~_repeats(owners[order], times[order]))
    if len(first) == len(times):
        return np.arange(len(times)), ys, []
    notes = _notes_on_repeats(ys[order], first, _disagreements(ys[order], first), duplicates)
    kept = order[first]
    back = np.argsort(kept)
    return kept[back], merged(ys[order], first, duplicates)[back], notes


def merged(
    ys: Float[np.ndarray, "rows channels"], first: Int[np.ndarray, " times"], duplicates: str | None
) -> Float[np.ndarray, "times channels"]:
    """One value for each time and channel: the mean, first or last of those there are.

    Args:
        ys: Values, sorted so that rows to merge follow each other; `nan` for missing values.
        first: The first row of each time.
        duplicates: Which value; `None` if all are the same.
    """
    known = ~np.isnan(ys)
    if duplicates == "mean":
        counts = np.add.reduceat(known.astype(float), first, axis=0)
        sums = np.add.reduceat(np.where(known, ys, 0.0), first, axis=0)
        return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    rows = np.broadcast_to(np.arange(len(ys))[:, None], ys.shape)
    if duplicates == "last":
        chosen = np.maximum.reduceat(np.where(known, rows, -1), first, axis=0)
        missing = chosen < 0
    else:
        chosen = np.minimum.reduceat(np.where(known, rows, len(ys)), first, axis=0)
        missing = chosen == len(ys)
    values = np.take_along_axis(ys, np.where(missing, 0, chosen), axis=0)
    return np.where(missing, np.nan, values)


def _repeats(owners: Int[np.ndarray, " rows"], times: np.ndarray) -> Bool[np.ndarray, " rows"]:
    """Whether each of some sorted rows has the series and time of the one before."""
    again = np.zeros(len(owners), bool)
    again[1:] = (owners[1:] == owners[:-1]) & (times[1:] == times[:-1])
    return again


def _notes_on_order(rows: FileRows) -> list[str]:
    order = np.argsort(rows.owners, kind="stable")
    owners, times = rows.owners[order], rows.times[order]
    back = (owners[1:] == owners[:-1]) & (times[1:] < times[:-1])
    which = [rows.ids[place] for place in np.unique(owners[1:][back])]
    if not which:
        return []
    series = pluralize(len(which), "series")
    return [f"Times go back in {series}: {quote_names(which)}; the rows were sorted by time."]


def _disagreements(
    ys: Float[np.ndarray, "rows channels"], first: Int[np.ndarray, " times"]
) -> Bool[np.ndarray, "times channels"]:
    """Whether the values of a time and channel differ."""
    return np.fmax.reduceat(ys, first, axis=0) > np.fmin.reduceat(ys, first, axis=0)


def _contradiction(
    rows: FileRows, first: Int[np.ndarray, " times"], differ: Bool[np.ndarray, "times channels"]
) -> DataError:
    which, channel = (int(place) for place in np.argwhere(differ)[0])
    series = rows.ids[rows.owners[first[which]]]
    end = first[which + 1] if which + 1 < len(first) else len(rows.ys)
    values = rows.ys[first[which] : end, channel]
    return DataError(
        f"Series '{series}' has several rows with time {time_text(rows.times[first[which]])}, and different values "
        f"{np.nanmin(values):g} and {np.nanmax(values):g} in column '{rows.channels[channel]}'. Merge them by "
        f"--duplicates mean, first or last; or give the rows different times or series{clock_hint(rows.times)}."
    )


def _notes_on_repeats(
    ys: Float[np.ndarray, "rows channels"],
    first: Int[np.ndarray, " times"],
    differ: Bool[np.ndarray, "times channels"],
    duplicates: str | None,
) -> list[str]:
    """Notes on rows that repeat a time: with the same values, with values where others have none, or with others."""
    known = np.add.reduceat((~np.isnan(ys)).astype(int), first, axis=0)
    sizes = np.diff(np.append(first, len(ys)))
    other = differ.any(axis=1)
    same = ((known == 0) | (known == sizes[:, None])).all(axis=1) & ~other
    dropped, agreeing = int((sizes - 1)[same].sum()), int((sizes > 1)[~same & ~other].sum())
    notes = []
    if dropped:
        notes.append(f"{pluralize(dropped, 'row')} that repeated another {'was' if dropped == 1 else 'were'} dropped.")
    if agreeing:
        notes.append(
            f"Rows with the same series and time were merged, for {pluralize(agreeing, 'time')}: their values agree."
        )
    if other.any():
        notes.append(
            f"Rows with the same time and different values were merged, for {pluralize(int(other.sum()), 'time')}: the "
            f"{duplicates} was taken."
        )
    return notes
