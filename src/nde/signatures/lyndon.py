"""Lyndon words, the bracket of each, and the change between their coordinates: integers, made once."""

import functools
from collections import Counter
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int

from nde.signatures.dimension import check_sizes

Word: TypeAlias = tuple[int, ...]


@functools.lru_cache(maxsize=32)
def lyndon_words(channels: int, depth: int) -> tuple[Word, ...]:
    """The Lyndon words over the channels: those less than all their proper right factors in lexicographic order.

    Args:
        channels: How many letters there are: 0, 1, ...
        depth: The greatest length.

    Returns:
        The words, shorter ones first, of one length in lexicographic order: the order of log-signatures.

    Raises:
        ValueError: If there is less than one channel or level.

    Source: Duval (1988), *Génération d'une section des classes de conjugaison et arbre des mots de Lyndon de longueur
    bornée*, doi:10.1016/0304-3975(88)90113-2.

    Example:
        ```python
        import nde

        print(nde.signatures.lyndon_words(channels=2, depth=3))
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
    """The bracket of each Lyndon word, expanded in the tensor algebra: a basis of the free Lie algebra.

    A letter is its own bracket; that of a longer word `w = uv`, with `v` the longest proper right factor that is a
    Lyndon word, is `[u, v] = uv - vu` of the brackets of `u` and `v` (standard bracketing).

    Args:
        channels: How many letters there are.
        depth: The greatest length.

    Returns:
        For each length `k` an array of shape `(words, channels, ..., channels)` of integers, with `k` axes for the
        letters, the words in the order of `nde.signatures.lyndon_words`.

    Raises:
        ValueError: If there is less than one channel or level.

    Source: Chen, Fox and Lyndon (1958), doi:10.2307/1970044.

    Example:
        ```python
        import nde

        print(nde.signatures.lyndon_brackets(channels=2, depth=2)[1])
        ```
    """
    return tuple(_dense(words, channels, k) for k, words in enumerate(_by_length(channels, depth), start=1))


def word_positions(channels: int, depth: int) -> tuple[Int[np.ndarray, "_"], ...]:
    """For each length where its Lyndon words stand among all words of this length."""
    return tuple(np.array([_position(word, channels) for word in words], int) for words in _by_length(channels, depth))


@functools.lru_cache(maxsize=32)
def bracket_coordinates(channels: int, depth: int) -> tuple[Float[np.ndarray, "_ _"], ...]:
    """For each length the matrix from coefficients of Lyndon words to coordinates in the basis of brackets.

    A bracket holds its own word once, and else only greater ones: the matrix of coefficients is triangular, its
    inverse of integers.
    """
    return tuple(np.round(np.linalg.inv(_coefficients(words))) for words in _by_length(channels, depth))


def _by_length(channels: int, depth: int) -> list[list[Word]]:
    words = lyndon_words(channels, depth)
    return [[word for word in words if len(word) == k] for k in range(1, depth + 1)]


@functools.lru_cache(maxsize=2**16)
def _bracket(word: Word) -> dict[Word, int]:
    """The words of a bracket, with their coefficients."""
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
    """Of each Lyndon word (column) in each bracket (row)."""
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
