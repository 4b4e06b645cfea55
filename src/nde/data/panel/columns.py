"""The roles of the columns of a file."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from nde.data.frames import FileFrame
from nde.data.numbers import parse_numbers
from nde.data.panel.cells import kind_of
from nde.data.panel.notes import quote_names
from nde.data.table import DataError

NAMELESS = "Unnamed: "
"""What pandas calls a column without a name: usually row numbers."""
_LEAST_COUNTED = 10
"""Rows of a file that are counted by no accident."""
_LEAST_ROWS = 2
"""Rows of a series, on average, that show whether a column is constant within series."""


def check_columns(file: FileFrame, names: Sequence[str]) -> None:
    """Refuse columns that do not exist, or that have two roles.

    Raises:
        DataError: If there is such a column.
    """
    for name in names:
        file.check_column(name)
        if list(names).count(name) > 1:
            raise DataError(f"Column '{name}' is named twice; each column can have only one role.")


def choose_channels(
    file: FileFrame, special: Sequence[str], channels: Sequence[str] | None, owners: Int[np.ndarray, " rows"]
) -> tuple[list[str], list[str]]:
    """The named channels, or all remaining columns of numbers; and notes on columns that are left out.

    A column that is constant within each series is a property of the series: it is left out if there are others.

    Args:
        file: The file.
        special: The columns that have another role.
        channels: The channels, if they are named.
        owners: The index of the series of each row.

    Raises:
        DataError: If there is no channel.
    """
    if channels is not None:
        if not channels:
            raise DataError("Got no channels; name at least one column of measurements, or leave it out to use all.")
        return list(channels), []
    frame = file.frame
    left = [name for name in frame.columns if name not in special]
    nameless = [name for name in left if not name or name.startswith(NAMELESS)]
    check_columns(file, left)
    kinds = {name: kind_of(frame[name]) for name in left if name not in nameless}
    found, text, empty = ([name for name in kinds if kinds[name] == kind] for kind in ("numbers", "text", "nothing"))
    if not found:
        raise DataError(
            f"{file.path} has no column of measurements besides {', '.join(special)}; expected at least one."
        )
    values = {name: parse_numbers(frame[name]).values for name in found}
    counting = [name for name in found if len(found) > 1 and _is_row_number(values[name])]
    found = [name for name in found if name not in counting] or found
    constant = [name for name in found if _is_property(values[name], owners)]
    changing = [name for name in found if name not in constant] or found
    return changing, [
        *note_left_out("without a name", nameless),
        *note_left_out("of row numbers", [name for name in counting if name not in changing]),
        *note_left_out("without an entry", empty),
        *note_left_out("of text", text),
        *_note_on_properties(constant if changing != found else []),
    ]


def _is_row_number(values: Float[np.ndarray, " rows"]) -> bool:
    """Whether a column counts the rows of the file from 0 or 1."""
    if len(values) < _LEAST_COUNTED:
        return False
    start = values[0]
    return start in {0.0, 1.0} and np.array_equal(values, start + np.arange(len(values)))


def _is_property(values: Float[np.ndarray, " rows"], owners: Int[np.ndarray, " rows"]) -> bool:
    """Whether a column has one value in each series that has several rows, and not the same in all."""
    known = ~np.isnan(values)
    values, owners = values[known], owners[known]
    series = len(np.unique(owners))
    pairs = len(np.unique(np.stack([owners.astype(float), values], axis=1), axis=0))
    return pairs == series > 1 and len(values) >= _LEAST_ROWS * series and len(np.unique(values)) > 1


def _note_on_properties(names: list[str]) -> list[str]:
    if not names:
        return []
    one = len(names) == 1
    return [
        f"{'Column' if one else 'Columns'} constant within every series left out: {quote_names(names)}. To use "
        f"{'it' if one else 'them'}, name {'it' if one else 'them'} with --static, or all measurements with --channels."
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


def note_left_out(what: str, names: list[str]) -> list[str]:
    """A note on columns that are left out, if there are some; `what` says which."""
    if not names:
        return []
    columns = "Column" if len(names) == 1 else "Columns"
    return [f"{columns} {what} left out: {quote_names(names)}."]
