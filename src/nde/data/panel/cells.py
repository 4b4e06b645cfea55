"""Parsing of the cells of a file as names, labels and static features."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from nde.data.numbers import GAPS, MARKS, is_number, is_quantity, parse_numbers, shown, texts_of
from nde.data.panel.notes import quote_names
from nde.data.table import DataError

if TYPE_CHECKING:
    import pandas

_EXACT = 2.0**53
"""Up to here, doubles represent every integer."""
_MOST_WORDS = 20
_LEAST_QUANTITIES = 3
"""Different labels that are quantities, and not classes with a number in their names."""
_MOST_PAIRS = 3
_WHOLE = re.compile(r"(-?\d+)\.0+", re.ASCII)
"""A whole number with a decimal point."""


def feature_texts(column: "pandas.Series") -> np.ndarray:
    """Each cell of a feature as text; `None` for an empty cell and for words such as `NA`."""
    texts = texts_of(column)
    texts[_gaps(texts, GAPS)] = None
    return texts


def label_texts(column: "pandas.Series") -> np.ndarray:
    """Each cell as text; `None` for an empty cell and signs such as `?`, and for `NA` if all others are numbers.

    In a column of text, `NA` is a name like any other; in one of signs such as `+` and `-`, or `*` and `**`, a sign is.
    """
    texts = texts_of(column)
    others = set(texts[~_gaps(texts, GAPS)].tolist())
    numeric = bool(others) and all(number_of(text) is not None or is_quantity(text) for text in others)
    signs = bool(others) and not any(letter.isalnum() for text in others for letter in text)
    texts[_gaps(texts, GAPS if numeric else frozenset({""}) if signs else MARKS)] = None
    return texts


def quantity_texts(texts: np.ndarray, name: str) -> tuple[np.ndarray, list[str]]:
    """Labels such as `12 mV`, `45%` and `<5` as their numbers, if all have one unit; and notes.

    Others are returned unchanged, as are two labels such as `<5` and `>5`: these are names of classes.

    Args:
        texts: The labels; `None` for missing ones.
        name: The name of their column.
    """
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    known = sorted({text for text in texts if text is not None})
    plain = all(number_of(text) is not None for text in known)
    if plain or len(known) < _LEAST_QUANTITIES or not all(map(is_quantity, known)):
        return texts, []
    found = parse_numbers(pd.Series(list(texts), dtype=object))
    if found.wrong.any() or any(_is_padded(text) for text in known):
        return texts, []
    values = [None if text is None else f"{value:.15g}" for text, value in zip(texts, found.values, strict=True)]
    return np.array(values, object), [f"Column '{name}': {note}" for note in found.notes]


def unify_spelling(texts: np.ndarray, name: str, known: Sequence[str] = ()) -> tuple[np.ndarray, list[str]]:
    """Give labels that differ only in case or spaces the spelling that is known, or most frequent; and a note.

    Args:
        texts: The labels; `None` for missing ones.
        name: The name of their column.
        known: Spellings from another file.
    """
    counts = Counter(text for text in texts if text is not None)
    spellings: dict[str, list[str]] = {}
    for text in dict.fromkeys([*known, *counts]):
        spellings.setdefault(" ".join(text.casefold().split()), []).append(text)
    several = {key: words for key, words in spellings.items() if len(words) > 1}
    if not several:
        return texts, []
    best = {key: max(words, key=lambda word: (word in known, counts[word])) for key, words in several.items()}
    usual = {word: best[key] for key, words in several.items() for word in words}
    notes = [
        f"Column '{name}': {quote_names(words)} were taken as one, '{best[key]}'." for key, words in several.items()
    ]
    return np.array([usual.get(text, text) for text in texts], object), notes


def unify_ids(texts: np.ndarray, name: str) -> tuple[np.ndarray, list[str]]:
    """Give ids such as `1.0` the spelling `1` if that is there, too; and a note.

    Args:
        texts: The ids; `None` for missing ones.
        name: The name of their column.
    """
    known = set(texts.tolist())
    whole = {text: found[1] for text in known if text is not None and (found := _WHOLE.fullmatch(text))}
    usual = {text: short for text, short in whole.items() if short in known}
    if not usual:
        return texts, []
    pairs = [f"'{text}' for '{short}'" for text, short in sorted(usual.items())]
    more = f" and {len(pairs) - _MOST_PAIRS} more" if len(pairs) > _MOST_PAIRS else ""
    note = f"Column '{name}': series of one number were taken as one: {', '.join(pairs[:_MOST_PAIRS])}{more}."
    return np.array([usual.get(text, text) for text in texts], object), [note]


def _gaps(texts: np.ndarray, gaps: frozenset[str]) -> np.ndarray:
    """Which cells are empty, or among the signs and words for a missing value."""
    return np.array([text is None or text.lower() in gaps for text in texts], bool)


def kind_of(column: "pandas.Series") -> str:
    """The kind of a column: `numbers` if any cell is a number, else `text`, or `nothing` if all cells are missing."""
    found = parse_numbers(column)
    if not np.isnan(found.values).all():
        return "numbers"
    return "text" if found.wrong.any() else "nothing"


def features_of(
    texts: np.ndarray, name: str, categories: Sequence[str] | None
) -> tuple[Float[np.ndarray, "series features"], list[str], tuple[str, ...], list[str]]:
    """Static features of a column: its numbers, or for a column of words one of 0 and 1 for each word.

    Args:
        texts: The text of each series; `None` where it is missing.
        name: The name of the column.
        categories: The words, if they are known from another file; none if that had numbers.

    Returns:
        The features, `nan` where they are missing; their names; the words; and notes.

    Raises:
        DataError: If the column has numbers and text, or too many words.
    """
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    found = parse_numbers(pd.Series(list(texts), dtype=object))
    entries = [text for text in texts if text is not None]
    if not categories and (not found.wrong.any() or any(map(is_number, entries))):
        if found.wrong.any():
            what = found.reason or "static features must be numbers, or words in all series"
            raise DataError(f"Column '{name}' has the text '{shown(texts[int(np.argmax(found.wrong))])}'; {what}.")
        return found.values[:, None], [name], (), [f"Column '{name}': {note}" for note in found.notes]
    return _indicators(texts, name, tuple(categories or ()))


def _indicators(
    texts: np.ndarray, name: str, categories: tuple[str, ...]
) -> tuple[Float[np.ndarray, "series words"], list[str], tuple[str, ...], list[str]]:
    """A column of 0 and 1 for each word."""
    texts, notes = unify_spelling(texts, name, categories)
    words = sorted({text for text in texts if text is not None})
    names = [f"{name}={word}" for word in categories or words]
    if not categories:
        if len(words) > min(_MOST_WORDS, max(2, len(texts) // 2)):
            raise DataError(
                f"Column '{name}' has {len(words)} different words for {len(texts)} series; a static feature is a "
                "number, or one of few words."
            )
        notes.append(f"Column '{name}' has words: it became the features {quote_names(names)}, each 0 or 1.")
    unknown = [word for word in words if word not in (categories or words)]
    if unknown:
        notes.append(
            f"Column '{name}': {quote_names(unknown)} did not occur in training, and counts as none of its words."
        )
    values = np.array([[float(text == word) for word in categories or words] for text in texts])
    values[[text is None for text in texts]] = np.nan
    return values, names, categories or tuple(words), notes


def labels_of(texts: Iterable[str], name: str) -> np.ndarray:
    """Labels as integers if all are integers, as numbers if all are numbers, and otherwise as text.

    A number with a leading zero, such as `007`, is text, and then the whole column is.

    Raises:
        DataError: If a label is infinite.
    """
    texts = list(texts)
    values = [number_of(text) for text in texts]
    if not texts or any(value is None for value in values):
        return np.array(texts, str)
    numbers = np.array(values, float)
    if np.isinf(numbers).any():
        raise DataError(f"Column '{name}' is infinite for a series; leave unknown values empty.")
    whole = (numbers == np.round(numbers)) & (np.abs(numbers) < _EXACT)
    return numbers.astype(np.int64) if whole.all() else numbers


def number_of(text: str) -> float | None:
    """The number that a text represents, or `None`; numbers with leading zeros and `nan` count as text."""
    if _is_padded(text):
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return None if np.isnan(number) else number


def _is_padded(text: str) -> bool:
    """Whether a number has leading zeros, as names have."""
    digits = text.lstrip("+-")
    return digits[:1] == "0" and digits[1:2].isdigit()
