"""Sorting and merging of the rows of a file."""

import dataclasses

import numpy as np
from jaxtyping import Float, Int

from nde.data.panel.notes import quote_names
from nde.data.plural import pluralize
from nde.data.table import DataError


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


def merge_rows(rows: FileRows) -> tuple[FileRows, list[str]]:
    """Sort rows by series and time, and merge rows with the same time; also returns notes on what was done.

    Raises:
        DataError: If rows with the same series and time contradict each other.
    """
    notes = _notes_on_order(rows)
    order = np.lexsort((rows.times, rows.owners))
    owners, times, ys = rows.owners[order], rows.times[order], rows.ys[order]
    again = np.zeros(len(owners), bool)
    again[1:] = (owners[1:] == owners[:-1]) & (times[1:] == times[:-1])
    first = np.flatnonzero(~again)
    if len(first) < len(owners):
        _check_agreeing(dataclasses.replace(rows, owners=owners, times=times, ys=ys), first)
        notes += _notes_on_repeats(ys, first)
        ys = np.fmax.reduceat(ys, first, axis=0)
    return dataclasses.replace(rows, owners=owners[first], times=times[first], ys=ys), notes


def _notes_on_order(rows: FileRows) -> list[str]:
    order = np.argsort(rows.owners, kind="stable")
    owners, times = rows.owners[order], rows.times[order]
    back = (owners[1:] == owners[:-1]) & (times[1:] < times[:-1])
    which = [rows.ids[place] for place in np.unique(owners[1:][back])]
    if not which:
        return []
    series = pluralize(len(which), "series")
    return [f"Times go back in {series}: {quote_names(which)}; the rows were sorted by time."]


def _check_agreeing(rows: FileRows, first: Int[np.ndarray, " times"]) -> None:
    most, least = np.fmax.reduceat(rows.ys, first, axis=0), np.fmin.reduceat(rows.ys, first, axis=0)
    differ = most > least
    if differ.any():
        which, channel = (int(place) for place in np.argwhere(differ)[0])
        series = rows.ids[rows.owners[first[which]]]
        raise DataError(
            f"Series '{series}' has several rows with time {rows.times[first[which]]}, and different values "
            f"{least[which, channel]:g} and {most[which, channel]:g} in column '{rows.channels[channel]}'. Average "
            "them, or give the rows different times or series."
        )


def _notes_on_repeats(ys: Float[np.ndarray, "rows channels"], first: Int[np.ndarray, " times"]) -> list[str]:
    """Notes on rows that repeat a time: with the same values, or with values where others have none."""
    known = np.add.reduceat((~np.isnan(ys)).astype(int), first, axis=0)
    sizes = np.diff(np.append(first, len(ys)))
    same = ((known == 0) | (known == sizes[:, None])).all(axis=1)
    dropped, merged = int((sizes - 1)[same].sum()), int((sizes > 1)[~same].sum())
    notes = []
    if dropped:
        notes.append(f"{pluralize(dropped, 'row')} that repeated another {'was' if dropped == 1 else 'were'} dropped.")
    if merged:
        notes.append(
            f"Rows with the same series and time were merged, for {pluralize(merged, 'time')}: their values agree."
        )
    return notes
