"""Lyndon words, their brackets, and the change of basis between them: integers, computed once and cached."""

import functools
from collections import Counter
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int

from nde.signatures.dimension import check_sizes

Word: TypeAlias = tuple[int, ...]


@functools.lru_cache(maxsize=32)
def lyndon_words(channels: int, depth: int) -> tuple[Word, ...]:
    """Lyndon words over the channels: words that are lexicographically less than all their proper suffixes.

    Args:
        channels: Number of letters: 0, 1, ...
        depth: The greatest length.

    Returns:
        The words, by length and then in lexicographic order: the order of the coordinates of log-signatures.

    Raises:
        ValueError: If an argument is less than one.

    Source: Duval (1988), *Génération d'une section des classes de conjugaison et arbre des mots de Lyndon de longueur
    bornée*, doi:10.1016/0304-3975(88)90113-2.

    Example:
        ```python
        from nde.signatures import lyndon_words

        print(lyndon_words(channels=2, depth=3))
        ```
    """
    check_sizes("lyndon_words", channels, depth)
    words, word = [], [-1]
    while word:
        word[-1] += 1
        words.append(tuple(word))
        word = [word[i % len(word)] for i in range(depth)]
        while word and word[-1] == channels - 1:
            word.pop()
    return tuple(sorted(words, key=lambda w: (len(w), w)))


@functools.lru_cache(maxsize=32)
def lyndon_brackets(channels: int, depth: int) -> tuple[Float[np.ndarray, "..."], ...]:
    """Brackets of Lyndon words, expanded in the tensor algebra: a basis of the free Lie algebra.

    The bracket of a letter is the letter. The bracket of a longer word `w = uv`, where `v` is its longest proper suffix
    that is a Lyndon word, is the commutator `[u, v] = uv - vu` of the brackets of `u` and `v` (standard bracketing).

    Args:
        channels: Number of letters.
        depth: The greatest length.

    Returns:
        For each length `k`, an array of shape `(words, channels, ..., channels)` of integers, with `k` axes for the
        letters and the words in the order of `lyndon_words`.

    Raises:
        ValueError: If an argument is less than one.

    Source: Chen, Fox and Lyndon (1958), doi:10.2307/1970044.

    Example:
        ```python
        from nde.signatures import lyndon_brackets

        print(lyndon_brackets(channels=2, depth=2)[1])
        ```
    """
    return tuple(_dense(words, channels, k) for k, words in enumerate(_by_length(channels, depth), start=1))


def word_positions(channels: int, depth: int) -> tuple[Int[np.ndarray, "_"], ...]:
    """For each length, the positions of its Lyndon words among all words of that length."""
    return tuple(np.array([_position(word, channels) for word in words], int) for words in _by_length(channels, depth))


@functools.lru_cache(maxsize=32)
def bracket_coordinates(channels: int, depth: int) -> tuple[Float[np.ndarray, "_ _"], ...]:
    """For each length, the matrix from coefficients of Lyndon words to coordinates in the basis of brackets.

    A bracket contains its own word with coefficient one, and otherwise only greater words, so the matrix of
    coefficients is triangular and its inverse has integer entries.
    """
    return tuple(np.round(np.linalg.inv(_coefficients(words))) for words in _by_length(channels, depth))


def _by_length(channels: int, depth: int) -> list[list[Word]]:
    words = lyndon_words(channels, depth)
    return [[word for word in words if len(word) == k] for k in range(1, depth + 1)]


@functools.lru_cache(maxsize=2**16)
def _bracket(word: Word) -> dict[Word, int]:
    """The words of a bracket and their coefficients."""
    if len(word) == 1:
        return {word: 1}
    cut = min(range(1, len(word)), key=lambda i: word[i:])
    left, right = _bracket(word[:cut]), _bracket(word[cut:])
    total: Counter[Word] = Counter()
    for u, a in left.items():
        for v, b in right.items():
            total[u + v] += a * b
            total[v + u] -= a * b
    return dict(total)


def _dense(words: list[Word], channels: int, length: int) -> Float[np.ndarray, "..."]:
    dense = np.zeros((len(words), *(channels,) * length))
    for row, word in enumerate(words):
        for letters, coefficient in _bracket(word).items():
            dense[(row, *letters)] = coefficient
    return dense


def _coefficients(words: list[Word]) -> Float[np.ndarray, "words words"]:
    """The coefficient of each Lyndon word (column) in each bracket (row)."""
    column = {word: i for i, word in enumerate(words)}
    matrix = np.zeros((len(words), len(words)))
    for row, word in enumerate(words):
        for letters, coefficient in _bracket(word).items():
            if letters in column:
                matrix[row, column[letters]] = coefficient
    return matrix


def _position(word: Word, channels: int) -> int:
    position = 0
    for letter in word:
        position = position * channels + letter
    return position
