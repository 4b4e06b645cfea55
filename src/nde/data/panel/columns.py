"""The roles of the columns of a file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from nde.data.frames import did_you_mean
from nde.data.panel.cells import kind_of
from nde.data.panel.notes import quote_names
from nde.data.table import DataError

_NAMELESS = "Unnamed: "
"""What pandas calls a column without a name: usually row numbers."""


def check_columns(path: Path, frame: Any, names: Sequence[str]) -> None:
    """Refuse columns that do not exist, or that have two roles.

    Raises:
        DataError: If there is such a column.
    """
    there = list(frame.columns)
    for name in names:
        if name not in there:
            raise DataError(f"{path} has no column '{name}'. {did_you_mean(name, there)}")
        if there.count(name) > 1:
            raise DataError(f"{path} has {there.count(name)} columns '{name}'; column names must be unique.")
        if list(names).count(name) > 1:
            raise DataError(f"Column '{name}' is named twice; each column can have only one role.")


def choose_channels(
    path: Path, frame: Any, special: Sequence[str], channels: Sequence[str] | None
) -> tuple[list[str], list[str]]:
    """The named channels, or all remaining columns of numbers; and notes on columns that are left out.

    Raises:
        DataError: If there is no channel.
    """
    if channels is not None:
        if not channels:
            raise DataError("Got no channels; name at least one column of measurements, or leave it out to use all.")
        return list(channels), []
    left = [name for name in frame.columns if name not in special]
    nameless = [name for name in left if not name or name.startswith(_NAMELESS)]
    check_columns(path, frame, left)
    kinds = {name: kind_of(frame[name]) for name in left if name not in nameless}
    found, text, empty = ([name for name in kinds if kinds[name] == kind] for kind in ("numbers", "text", "nothing"))
    if not found:
        raise DataError(f"{path} has no column of measurements besides {', '.join(special)}; expected at least one.")
    return found, [
        *_note_left_out("without a name", nameless),
        *_note_left_out("without an entry", empty),
        *_note_left_out("of text", text),
    ]


def series_values(texts: np.ndarray, name: str, owners: Int[np.ndarray, " rows"], ids: tuple[str, ...]) -> np.ndarray:
    """The value of a column for each series, as text; `None` for a series in which all its cells are empty.

    Args:
        texts: The text of each cell; `None` for an empty one.
        name: The name of the column.
        owners: The index of the series of each row.
        ids: The ids of the series.

    Raises:
        DataError: If the column has two values in a series.
    """
    known = np.flatnonzero(np.array([text is not None for text in texts], bool))
    values = np.full(len(ids), None, object)
    # In reverse order, the first of several values is written last.
    values[owners[known[::-1]]] = texts[known[::-1]]
    other = known[texts[known] != values[owners[known]]]
    if other.size:
        row, series = int(other[0]), ids[owners[other[0]]]
        raise DataError(
            f"Column '{name}' changes in series '{series}', from '{values[owners[row]]}' to '{texts[row]}' in row "
            f"{row + 1}; targets, static features and labels must be the same in all rows of a series."
        )
    return values


def _note_left_out(what: str, names: list[str]) -> list[str]:
    if not names:
        return []
    columns = "Column" if len(names) == 1 else "Columns"
    return [f"{columns} {what} left out: {quote_names(names)}."]
