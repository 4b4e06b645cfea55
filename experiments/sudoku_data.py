"""Sudoku puzzles: random ones, and whether they are solved."""

import functools
import itertools
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

Grids = Int[np.ndarray, "puzzles cells"]
OneHot = Float[np.ndarray, "puzzles numbers"]


class Puzzles(NamedTuple):
    """Puzzles with their solutions, one-hot: `size` numbers for each cell, all zero where there is no clue."""

    clues: OneHot
    solutions: OneHot


def small_puzzles(count: int, given: int, grids: Grids, random: np.random.Generator) -> Puzzles:
    """Puzzles of size 4 that have one solution each, made of some of the grids."""
    chosen, masks = [], []
    while len(chosen) < count:
        grid, mask = random.choice(grids), np.zeros(16, bool)
        mask[random.choice(16, given, replace=False)] = True
        if np.sum(np.all(small_grids()[:, mask] == grid[mask], axis=1)) == 1:
            chosen.append(grid)
            masks.append(mask)
    return _puzzles(np.array(chosen), np.array(masks), 4)


def large_puzzles(count: int, given: int, random: np.random.Generator) -> Puzzles:
    """Puzzles of size 9, each of a grid of its own. They may have several solutions."""
    grids = np.array([_random_grid(random) for _ in range(count)])
    masks = np.array([random.permutation(81) < given for _ in range(count)])
    return _puzzles(grids, masks, 9)


@functools.cache
def small_grids() -> Grids:
    """All 288 grids of size 4."""
    rows = list(itertools.permutations(range(4)))
    all_of_them = np.array([np.concatenate(grid) for grid in itertools.product(rows, repeat=4)])
    return all_of_them[follows_rules(all_of_them, 4)]


def follows_rules(grids: Grids, size: int) -> Bool[np.ndarray, " puzzles"]:
    """Whether each row, column and block of each grid has every number."""
    units = np.sort(grids[:, _units(size)], axis=-1)
    return np.all(units == np.arange(size), axis=(1, 2))


def numbers_of(one_hot: OneHot, size: int) -> Grids:
    """The most likely number of each cell."""
    return np.argmax(one_hot.reshape(len(one_hot), size**2, size), axis=-1)


def solved(found: OneHot, puzzles: Puzzles, size: int) -> Bool[np.ndarray, " puzzles"]:
    """Whether each answer keeps the rules and the clues."""
    numbers = numbers_of(found, size)
    clues = puzzles.clues.reshape(len(found), size**2, size)
    kept = np.where(clues.any(axis=-1), numbers == clues.argmax(axis=-1), True)
    return follows_rules(numbers, size) & kept.all(axis=1)


def rules(size: int) -> Float[np.ndarray, "constraints numbers"]:
    """Rows whose product with a grid is one: each cell has a number, each unit has each number; none is redundant."""
    membership = np.zeros((len(_units(size)), size**2))
    np.put_along_axis(membership, _units(size), 1.0, axis=1)
    every = np.concatenate([np.kron(np.eye(size**2), np.ones(size)), np.kron(membership, np.eye(size))])
    _, values, basis = np.linalg.svd(every)
    return basis[: np.sum(values > 1e-9)]


@functools.cache
def _units(size: int) -> Int[np.ndarray, "units cells"]:
    """The cells of each row, column and block."""
    cells, side = np.arange(size**2).reshape(size, size), round(size**0.5)
    blocks = cells.reshape(side, side, side, side).swapaxes(1, 2).reshape(size, size)
    return np.concatenate([cells, cells.T, blocks])


def _puzzles(grids: Grids, masks: Bool[np.ndarray, "puzzles cells"], size: int) -> Puzzles:
    solutions = np.eye(size)[grids]
    clues = solutions * masks[:, :, None]
    return Puzzles(clues.reshape(len(grids), -1), solutions.reshape(len(grids), -1))


def _random_grid(random: np.random.Generator) -> Int[np.ndarray, " cells"]:
    """A grid of size 9, filled cell by cell with a random number that fits, the cell with the fewest choices first."""
    members = _units(9)
    peers = [np.unique(members[np.any(members == cell, axis=1)]) for cell in range(81)]

    def fill(possible: np.ndarray, left: frozenset[int]) -> np.ndarray | None:
        if not left:
            return possible
        cell = min(left, key=lambda cell: (possible[cell].sum(), cell))
        for number in random.permutation(np.flatnonzero(possible[cell])):
            after = possible.copy()
            after[peers[cell], number] = False
            after[cell] = np.arange(9) == number
            if after.any(axis=1).all() and (found := fill(after, left - {cell})) is not None:
                return found
        return None

    found = fill(np.ones((81, 9), bool), frozenset(range(81)))
    assert found is not None
    return found.argmax(axis=1)
