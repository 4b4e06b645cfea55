"""Rows of a file in the order of time, none of them twice."""

import dataclasses

import numpy as np
from jaxtyping import Float, Int

from nde.data.panel.remarks import counted, named
from nde.data.table import DataError


@dataclasses.dataclass(frozen=True, eq=False)
class FileRows:
    """Rows of many series, in any order.

    Attributes:
        ids: What each series is called.
        owners: Which series each row belongs to, by its place.
        times: Numbers, dates or durations.
        ys: The channels; `nan` for what was not observed.
        channels: What they are called.
    """

    ids: tuple[str, ...]
    owners: Int[np.ndarray, " rows"]
    times: np.ndarray
    ys: Float[np.ndarray, "rows channels"]
    channels: tuple[str, ...]


def merged(rows: FileRows) -> tuple[FileRows, list[str]]:
    """The rows sorted by series and time, those of one time made one; and what is said about it.

    Raises:
        DataError: If rows of one series and time contradict each other.
    """
    said = _unsorted(rows)
    order = np.lexsort((rows.times, rows.owners))
    owners, times, ys = rows.owners[order], rows.times[order], rows.ys[order]
    again = np.zeros(len(owners), bool)
    again[1:] = (owners[1:] == owners[:-1]) & (times[1:] == times[:-1])
    first = np.flatnonzero(~again)
    if len(first) < len(owners):
        _check_agreeing(dataclasses.replace(rows, owners=owners, times=times, ys=ys), first)
        said += _repeated(ys, first)
        ys = np.fmax.reduceat(ys, first, axis=0)
    return dataclasses.replace(rows, owners=owners[first], times=times[first], ys=ys), said


def _unsorted(rows: FileRows) -> list[str]:
    order = np.argsort(rows.owners, kind="stable")
    owners, times = rows.owners[order], rows.times[order]
    back = (owners[1:] == owners[:-1]) & (times[1:] < times[:-1])
    which = [rows.ids[place] for place in np.unique(owners[1:][back])]
    if not which:
        return []
    return [f"Times go back in {counted(len(which), 'series')}: {named(which)}; the rows were sorted by time."]


def _check_agreeing(rows: FileRows, first: Int[np.ndarray, " times"]) -> None:
    most, least = np.fmax.reduceat(rows.ys, first, axis=0), np.fmin.reduceat(rows.ys, first, axis=0)
    apart = most > least
    if apart.any():
        which, channel = (int(place) for place in np.argwhere(apart)[0])
        series = rows.ids[rows.owners[first[which]]]
        raise DataError(
            f"Series '{series}' has several rows of the time {rows.times[first[which]]}, and column "
            f"'{rows.channels[channel]}' says {least[which, channel]:g} and {most[which, channel]:g} there; one value "
            "is wanted. Average them, or give the rows times or series of their own."
        )


def _repeated(ys: Float[np.ndarray, "rows channels"], first: Int[np.ndarray, " times"]) -> list[str]:
    """What is said of rows that repeat a time: they say the same, or each knows what another does not."""
    known = np.add.reduceat((~np.isnan(ys)).astype(int), first, axis=0)
    sizes = np.diff(np.append(first, len(ys)))
    same = ((known == 0) | (known == sizes[:, None])).all(axis=1)
    dropped, joined = int((sizes - 1)[same].sum()), int((sizes > 1)[~same].sum())
    said = []
    if dropped:
        said.append(f"{counted(dropped, 'row')} that repeated another were dropped.")
    if joined:
        said.append(f"Rows of the same series and time were merged, {counted(joined, 'time')}: they did not disagree.")
    return said
