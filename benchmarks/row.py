"""One comparison: our side and its peers at one problem."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np
from jaxtyping import PyTree

from benchmarks.goal import Goal
from benchmarks.side import Ready, Side
from benchmarks.timing import Timing, take_turns


@dataclass(frozen=True)
class Outcome:
    """What one side reached."""

    name: str
    setting: str
    timing: Timing
    error: float | None


@dataclass(frozen=True)
class Line:
    """Our outcome beside one peer's: one line of the table."""

    work: str
    ours: Outcome
    peer: Outcome
    target: float | None

    @property
    def ratio(self) -> float:
        """The peer's time over ours."""
        return self.peer.timing.seconds / self.ours.timing.seconds

    @property
    def reached(self) -> bool | None:
        """Whether the ratio is at least the target; None without one."""
        return None if self.target is None else self.ratio >= self.target


@dataclass(frozen=True)
class Row:
    """A problem, our side, and for every peer the ratio that is to be reached.

    Args:
        work: what is computed, in words.
        problem: what is computed; a `Problem` where the sides are solvers.
        ours: our side.
        targets: for each peer the least ratio of its time over ours; None where no ratio was set.
        reference: makes the result that is right; None where no result is compared.
    """

    work: str
    problem: Any
    ours: Side
    targets: Mapping[Side, float | None]
    reference: Callable[[], PyTree[np.ndarray]] | None = None

    def against_first_peer(self) -> "Row":
        """The same row with its first peer alone."""
        first, target = next(iter(self.targets.items()))
        return replace(self, targets={first: target})

    def measure(self, runs: int) -> list[Line]:
        """Start every side, let them take turns, and compare."""
        peers = [peer for peer in self.targets if peer.installed()]
        with jax.enable_x64(self.problem.x64):
            goal = Goal(self.reference() if self.reference else None)
            ours = self.ours.start(self.problem, goal)
            goal = replace(goal, error=goal.distance(ours.value))
            started = [ours, *(peer.start(self.problem, goal) for peer in peers)]
            timings = take_turns(started, runs)
        first, *others = (
            _outcome(side, ready, timing, goal)
            for side, ready, timing in zip([self.ours, *peers], started, timings, strict=True)
        )
        return [Line(self.work, first, other, self.targets[peer]) for peer, other in zip(peers, others, strict=True)]


def _outcome(side: Side, ready: Ready, timing: Timing, goal: Goal) -> Outcome:
    return Outcome(side.name, ready.setting, timing, goal.distance(ready.value))
