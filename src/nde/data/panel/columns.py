"""Which columns of a file are what."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nde.data.panel.cells import kind_of
from nde.data.panel.remarks import named
from nde.data.panel.rows import did_you_mean
from nde.data.table import DataError

_NAMELESS = "Unnamed: "
"""What pandas calls a column without a name: most often the numbers of rows, which tell nothing."""


def check_columns(path: Path, frame: Any, names: Sequence[str]) -> None:
    """Refuses columns that are not there, or stand for two things.

    Raises:
        DataError: If there is such a column.
    """
    there = list(frame.columns)
    for name in names:
        if name not in there:
            raise DataError(f"{path} has no column '{name}'. {did_you_mean(name, there)}")
        if there.count(name) > 1:
            raise DataError(f"{path} has {there.count(name)} columns '{name}'; one is wanted.")
        if list(names).count(name) > 1:
            raise DataError(f"Column '{name}' is named twice; each column can be one thing only.")


def chosen_channels(
    path: Path, frame: Any, special: Sequence[str], channels: Sequence[str] | None
) -> tuple[list[str], list[str]]:
    """The channels named, or all columns that are left and hold numbers; and what is said about those left out.

    Raises:
        DataError: If there is none.
    """
    if channels is not None:
        if not channels:
            raise DataError("Got no channels; name at least one column of measurements, or none to take all.")
        return list(channels), []
    left = [name for name in frame.columns if name not in special]
    nameless = [name for name in left if not name or name.startswith(_NAMELESS)]
    check_columns(path, frame, left)
    kinds = {name: kind_of(frame[name]) for name in left if name not in nameless}
    found, text, empty = ([name for name in kinds if kinds[name] == kind] for kind in ("numbers", "text", "nothing"))
    if not found:
        raise DataError(f"{path} has no column of measurements beside {', '.join(special)}; at least one is wanted.")
    return found, [
        *_left_out("without a name", nameless),
        *_left_out("without an entry", empty),
        *_left_out("of text", text),
    ]


def _left_out(what: str, names: list[str]) -> list[str]:
    if not names:
        return []
    return [
        f"Column {what} left out: {named(names)}." if len(names) == 1 else f"Columns {what} left out: {named(names)}."
    ]
