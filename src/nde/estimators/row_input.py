"""Rows of tables and images as estimators are given them: arrays, data frames, and panels of single rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from nde.data import DataError
from nde.data.panel import TimeSeries
from nde.data.panel.notes import quote_names

_MOST_WORDS = 50
_VECTOR, _COLORED = 2, 4
"""The axes of an array of vectors, and of images with a channel for each color."""

Words = Mapping[str, Sequence[str]]
"""The words of each column of words."""


def rows_of_values(
    values: Float[np.ndarray, "rows features"], channels: Sequence[str], targets: np.ndarray | None = None
) -> TimeSeries:
    """A panel whose series are rows.

    Raises:
        DataError: If a row has no value.
    """
    empty = np.isnan(values).all(axis=1)
    if empty.any():
        raise DataError(f"Row {int(np.argmax(empty)) + 1} has no value: all of it is nan (NaN). Leave such rows out.")
    return TimeSeries.from_arrays(values[:, None], channels=list(channels), targets=targets)


def check_single_rows(panel: TimeSeries) -> TimeSeries:
    """Refuse series of several rows.

    Raises:
        DataError: If there is one.
    """
    if (panel.lengths > 1).any():
        place = int(np.argmax(panel.lengths > 1))
        raise DataError(
            f"Series {panel.ids[place]!r} has {panel.lengths[place]} rows; expected panels in which each has one. For "
            "series, use NeuralCDEClassifier or NeuralCDERegressor."
        )
    return panel


def image_shape(array: np.ndarray) -> tuple[int, ...]:
    """The shape of a sample: `(features,)`, or `(height, width, colors)`.

    Raises:
        DataError: If the array holds neither vectors nor images.
    """
    if array.ndim > _COLORED or 0 in array.shape:
        raise DataError(
            f"Got an array of shape {array.shape}; expected (samples, features), or images of shape (samples, height, "
            "width) or (samples, height, width, channels)."
        )
    return array.shape[1:] if array.ndim in {_VECTOR, _COLORED} else (*array.shape[1:], 1)


def words_of(frame: Any) -> dict[str, list[str]]:
    """The words of all columns of a data frame of pandas that hold no numbers, sorted.

    Raises:
        DataError: If a column has very many words, or holds dates.
    """
    found = {}
    for name in frame.columns:
        column = frame[name]
        if _is_numeric(column):
            continue
        if getattr(column.dtype, "kind", "O") in "mMc":
            raise DataError(f"Column '{name}' has dtype {column.dtype}; expected numbers or words.")
        words = sorted({str(word) for word in column.dropna().unique()})
        if len(words) > _MOST_WORDS:
            raise DataError(
                f"Column '{name}' has {len(words)} different words, such as {quote_names(words[:2])}; a feature is a "
                f"number, or one of at most {_MOST_WORDS} words. Leave the column out."
            )
        found[f"{name}"] = words
    return found


def encode_words(frame: Any, words: Words) -> tuple[Float[np.ndarray, "rows features"], tuple[str, ...]]:
    """The numbers of a data frame of pandas, with a column of 0 and 1 for each word, and the names of the columns.

    A word that is not among those of its column counts as none of them.

    Raises:
        DataError: If a column holds words that had numbers, or a number is infinite.
    """
    encoded = [_encoded(frame[name], words.get(f"{name}")) for name in frame.columns]
    values = np.concatenate([each for each, _ in encoded], axis=1)
    names = tuple(name for _, own in encoded for name in own)
    if np.isinf(values).any():
        name = names[int(np.argmax(np.isinf(values).any(axis=0)))]
        raise DataError(f"Column '{name}' is infinite (inf) in a row; expected finite numbers, or nan (NaN).")
    return values, names


def _encoded(column: Any, words: Sequence[str] | None) -> tuple[Float[np.ndarray, "rows features"], list[str]]:
    """The numbers of a column, or 0 and 1 for each of its words, and their names."""
    if words is None:
        if not _is_numeric(column):
            raise DataError(f"Column '{column.name}' has dtype {column.dtype}; it had numbers when it was fitted to.")
        return column.to_numpy(np.float64, na_value=np.nan)[:, None], [f"{column.name}"]
    texts = np.array([str(cell) for cell in column.tolist()], object)
    values = (texts[:, None] == np.array(words, object)[None]).astype(float)
    values[column.isna().to_numpy()] = np.nan
    return values, [f"{column.name}={word}" for word in words]


def _is_numeric(column: Any) -> bool:
    return getattr(column.dtype, "kind", "O") in "iufb"
