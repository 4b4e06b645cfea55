"""Median times of interleaved calls."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.side import Ready

REST = 0.01  # seconds in which the threads of the side before fall asleep: PyTorch's keep a core busy for a while
WARM_UP = 0.01  # seconds of untimed calls, so that nobody pays for caches that another side has filled
PATIENCE = 1.0  # seconds of timed runs after which a side stops, once it has made its least number of them


@dataclass(frozen=True)
class Timing:
    """The median seconds of a call, and the number of runs."""

    seconds: float
    runs: int


def take_turns(sides: Sequence[Ready], runs: int) -> list[Timing]:
    """Time all sides in one process, A B A B, so that other load on the machine affects all of them.

    A side makes at least `runs` runs (or its own `least`), and up to three times as many if they are quick. The runs of
    sides with fewer runs are spread evenly.
    """
    counts = [_count(side, runs) for side in sides]
    rounds = max(counts)
    seconds: list[list[float]] = [[] for _ in sides]
    for turn in range(rounds):
        for side, count, mine in zip(sides, counts, seconds, strict=True):
            if turn * count // rounds < (turn + 1) * count // rounds:
                mine.append(_clock(side))
    return [Timing(statistics.median(mine), len(mine)) for mine in seconds]


def fastest(sides: Sequence[Ready], runs: int) -> Ready:
    """The side with the shortest best of `runs` turns; a single side is not timed."""
    if len(sides) == 1:
        return sides[0]
    turns = [[_clock(side) for side in sides] for _ in range(runs)]
    best = [min(mine) for mine in zip(*turns, strict=True)]
    return sides[best.index(min(best))]


def _count(side: Ready, runs: int) -> int:
    least = runs if side.least is None else min(side.least, runs)
    return min(max(least, int(PATIENCE / _clock(side))), 3 * runs)


def _clock(side: Ready) -> float:
    time.sleep(REST)
    _warm_up(side)
    start = time.perf_counter()
    side.run()
    return time.perf_counter() - start


def _warm_up(side: Ready) -> None:
    end = time.perf_counter() + WARM_UP
    side.before()
    while time.perf_counter() < end:
        side.before()
