"""Lyndon words and their brackets, against their definitions."""

import itertools

import numpy as np
import pytest

import nde

SIZES = [(1, 4), (2, 6), (3, 4), (5, 3)]


def _is_lyndon(word):
    return all(word < word[i:] for i in range(1, len(word)))


def _commutators(matrices, word):
    """The bracket of a word for matrices, split where its longest proper Lyndon suffix starts."""
    if len(word) == 1:
        return matrices[word[0]]
    cut = next(i for i in range(1, len(word)) if _is_lyndon(word[i:]))
    u, v = _commutators(matrices, word[:cut]), _commutators(matrices, word[cut:])
    return u @ v - v @ u


@pytest.mark.parametrize(("channels", "depth"), SIZES)
def test_words_are_those_of_the_definition(channels: int, depth: int):
    every = (w for k in range(1, depth + 1) for w in itertools.product(range(channels), repeat=k))
    assert nde.lyndon_words(channels, depth) == tuple(w for w in every if _is_lyndon(w))


@pytest.mark.parametrize(("channels", "depth"), SIZES)
def test_witt_counts_them(channels: int, depth: int):
    assert nde.logsignature_dimension(channels, depth) == len(nde.lyndon_words(channels, depth))


def test_witt_at_higher_levels():
    """Necklaces without a period: of 2 colors and 12 beads there are 335."""
    assert nde.logsignature_dimension(2, 12) - nde.logsignature_dimension(2, 11) == 335


@pytest.mark.parametrize(("channels", "depth"), [(2, 6), (3, 4)])
def test_brackets_are_commutators(channels: int, depth: int):
    """For matrices in place of letters, tensor products are products, and brackets commutators."""
    matrices = np.random.default_rng(0).normal(size=(channels, 4, 4))
    words, rows = nde.lyndon_words(channels, depth), nde.lyndon_brackets(channels, depth)
    products = np.eye(4)[None]
    for k in range(1, depth + 1):
        products = np.einsum("wab,ibc->wiac", products, matrices).reshape(-1, 4, 4)
        found = np.einsum("bw,wac->bac", rows[k - 1].reshape(len(rows[k - 1]), -1), products)
        expected = np.stack([_commutators(matrices, w) for w in words if len(w) == k])
        np.testing.assert_allclose(found, expected, atol=1e-11)


def test_one_channel_has_no_brackets():
    assert [b.shape for b in nde.lyndon_brackets(1, 3)] == [(1, 1), (0, 1, 1), (0, 1, 1, 1)]


def test_misuse_is_named():
    with pytest.raises(ValueError, match="depth=0"):
        nde.lyndon_words(2, 0)
    with pytest.raises(ValueError, match="channels=0"):
        nde.logsignature_dimension(0, 2)
