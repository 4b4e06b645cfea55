"""One side of a row: a library that can be asked for a problem's result again and again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from jaxtyping import PyTree

from benchmarks.goal import Goal


@dataclass(frozen=True)
class Ready:
    """A side that is compiled, tuned and ready to be timed.

    Args:
        run: does the work once and returns when its result is there.
        before: done untimed before every timed run: the same call, so that caches are warm whoever ran last.
        value: the result, or None for a side that computes something else than the problem's result.
        setting: the setting that was chosen, for the table.
        least: the fewest runs that may stand in the table for a slow side; None for as many as are asked for.
    """

    run: Callable[[], object]
    before: Callable[[], object]
    value: PyTree[np.ndarray] | None = None
    setting: str = ""
    least: int | None = None


class Side(Protocol):
    """A library under some settings."""

    @property
    def name(self) -> str:
        """What the table calls this side."""
        ...

    def installed(self) -> bool:
        """Whether the library is here."""
        ...

    def start(self, problem: Any, goal: Goal, /) -> Ready:
        """Everything that is to be done once: compile, choose settings, match the goal's error."""
        ...
