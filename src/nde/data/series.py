"""Many series from one file."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nde.data.csv import read_columns
from nde.data.files.read_options import ReadOptions
from nde.data.plural import pluralize
from nde.data.table import DataError, Series
from nde.data.times.elapsed import elapsed

_LEAST_ROWS = 5


def read_series(
    path: str | Path, time: str, states: Sequence[str], series: str, *, options: ReadOptions | None = None
) -> dict[str, Series]:
    r"""Read several series of the same quantities from one file.

    Args:
        path: The file.
        time: The column of times, strictly increasing within each series: numbers, or dates, which become numbers since
            the first of all.
        states: The columns of measured quantities; an empty cell or `nan` is a missing value.
        series: The column that identifies, by a number or text, the series that a row belongs to.
        options: How to read the file, if it shall not be guessed.

    Returns:
        The series by their ids, in order of first appearance. The rows of a series need not be adjacent.

    Raises:
        DataError: As for `read_csv`; or if a row belongs to no series, a series has fewer than two rows, or there are
            fewer than five rows in total.

    Example:
        ```python
        import pathlib, tempfile
        from nde.data import read_series

        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "data.csv")
            path.write_text("who,t,x\na,0,1\na,1,2\nb,0,3\nb,2,4\nb,5,3\n")
            print(list(read_series(path, time="t", states=["x"], series="who")))
        ```
    """
    columns = read_columns(path, time, states, series, options=options)
    texts, ys = columns.series, columns.ys
    for row, text in enumerate(texts, start=1):
        if not text:
            raise DataError(f"Column '{series}' is empty in row {row}; every row must name its series.")
    ts, clock, notes = elapsed(columns.times, time, np.unique(texts, return_inverse=True)[1] if texts else None)
    found = {}
    for name in dict.fromkeys(texts):
        rows = np.array([text == name for text in texts])
        every = ((*columns.notes, *notes), clock, columns.options)
        try:
            found[name] = Series(time, tuple(states), ts[rows], ys[rows], *every)
        except DataError as error:
            raise DataError(f"Series '{name}': {error}") from None
    if len(ts) < _LEAST_ROWS:
        raise DataError(
            f"Got {pluralize(len(ts), 'row')} in all series; at least {_LEAST_ROWS} are needed. Add measurements."
        )
    for name, column in zip(states, ys.T, strict=True):
        if np.isnan(column).all():
            raise DataError(f"Column '{name}' is empty in all rows; leave it out, or add values.")
    return found
