"""Iterated integrals computed slowly, word by word."""

import itertools
import math

import numpy as np


def points(length: int, channels: int, batch: tuple[int, ...] = (), seed: int = 0) -> np.ndarray:
    """A random walk."""
    steps = np.random.default_rng(seed).normal(size=(*batch, length, channels))
    return np.cumsum(steps, axis=-2) / math.sqrt(length)


def words(channels: int, depth: int) -> list[tuple[int, ...]]:
    """All words but the empty one, in the order of signatures."""
    return [w for k in range(1, depth + 1) for w in itertools.product(range(channels), repeat=k)]


def iterated_integrals(xs: np.ndarray, depth: int) -> np.ndarray:
    """The signature, one straight line at a time, with the word split in two at each position."""
    found = dict.fromkeys(words(xs.shape[1], depth), 0.0) | {(): 1.0}
    for dx in np.diff(xs, axis=0):
        line = {w: math.prod(dx[i] for i in w) / math.factorial(len(w)) for w in found}
        found = {w: sum(found[w[:i]] * line[w[i:]] for i in range(len(w) + 1)) for w in found}
    return np.array([found[w] for w in words(xs.shape[1], depth)])


def shuffles(u: tuple[int, ...], v: tuple[int, ...]) -> list[tuple[int, ...]]:
    """All ways to merge two words, each keeping its order."""
    if not u or not v:
        return [u + v]
    return [(u[0], *w) for w in shuffles(u[1:], v)] + [(v[0], *w) for w in shuffles(u, v[1:])]
