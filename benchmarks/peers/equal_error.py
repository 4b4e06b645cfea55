"""Fair tolerances for a side with another method: it may be as loose as our error allows."""

from collections.abc import Callable
from dataclasses import replace

from benchmarks.goal import Goal
from benchmarks.side import Ready

LOOSENESS = (30.0, 10.0, 3.0, 1.0, 0.3, 0.1, 0.03)
SLACK = 1.5  # errors within this factor count as equal


def loosest(start: Callable[[float], Ready], tolerance: float, goal: Goal) -> Ready:
    """The loosest of the tolerances around `tolerance` that is as accurate as the goal.

    If none is (rounding sets a floor), the loosest that is as accurate as the best of them.
    """
    tried: list[tuple[float, Ready]] = []
    for factor in LOOSENESS:
        ready = replace(start(tolerance * factor), setting=f"{tolerance * factor:.0e}")
        distance = goal.distance(ready.value)
        if distance is None or goal.error is None or distance <= SLACK * goal.error:
            return ready
        tried.append((distance, ready))
    floor = SLACK * min(distance for distance, _ in tried)
    return next(ready for distance, ready in tried if distance <= floor)
