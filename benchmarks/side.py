"""One side of a row: a library that can compute a problem's result repeatedly."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from jaxtyping import PyTree

from benchmarks.goal import Goal


@dataclass(frozen=True)
class Ready:
    """A side that is compiled, tuned and ready to time.

    Args:
        run: does the work once and returns when the result is ready.
        before: runs untimed before every timed run: the same call, so that caches are warm whichever side ran last.
        value: the result, or None for a side that computes something other than the problem's result.
        setting: the chosen setting, for the table.
        least: the minimum number of runs for a slow side; None for the requested number.
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
        """The name of this side in the table."""
        ...

    def installed(self) -> bool:
        """Whether the library is installed."""
        ...

    def start(self, problem: Any, goal: Goal, /) -> Ready:
        """Do all one-time work: compile, choose settings, match the error of the goal."""
        ...
