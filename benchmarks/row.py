"""One comparison: our side and its peers on one problem."""

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
    """The result of one side."""

    name: str
    setting: str
    timing: Timing
    error: float | None


@dataclass(frozen=True)
class Line:
    """Our outcome next to that of one peer: one line of the table."""

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
        """Whether the ratio is at least the target; None without a target."""
        return None if self.target is None else self.ratio >= self.target


@dataclass(frozen=True)
class Row:
    """A problem, our side, and the target ratio for every peer.

    Args:
        work: a description of what is computed.
        problem: what to compute; a `Problem` if the sides are solvers.
        ours: our side.
        targets: for each peer the target for its time over ours; None without a target.
        reference: computes the reference result; None if results are not compared.
    """

    work: str
    problem: Any
    ours: Side
    targets: Mapping[Side, float | None]
    reference: Callable[[], PyTree[np.ndarray]] | None = None

    def against_first_peer(self) -> "Row":
        """The same row with only its first peer."""
        first, target = next(iter(self.targets.items()))
        return replace(self, targets={first: target})

    def measure(self, runs: int) -> list[Line]:
        """Start every side, interleave their runs, and compare."""
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
