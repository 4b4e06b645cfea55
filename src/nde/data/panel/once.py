"""Columns that say one thing about each series."""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int

from nde.data.panel.cells import texts_of
from nde.data.table import DataError

if TYPE_CHECKING:
    import pandas


def once_a_series(
    column: "pandas.Series", name: str, owners: Int[np.ndarray, " rows"], ids: tuple[str, ...]
) -> np.ndarray:
    """What a column says about each series, as text; `None` where all its cells are empty.

    Raises:
        DataError: If it says two things about a series.
    """
    texts = texts_of(column)
    known = np.flatnonzero(np.array([text is not None for text in texts], bool))
    said = np.full(len(ids), None, object)
    # Of several values the first stays, for it is written last.
    said[owners[known[::-1]]] = texts[known[::-1]]
    other = known[texts[known] != said[owners[known]]]
    if other.size:
        row, series = int(other[0]), ids[owners[other[0]]]
        raise DataError(
            f"Column '{name}' changes in series '{series}', from '{said[owners[row]]}' to '{texts[row]}' in row "
            f"{row + 1}; targets, static features and the like are the same in all rows of a series."
        )
    return said
