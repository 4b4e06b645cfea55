"""Judging a model while it trains: the best so far, and when to stop."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Array, PyTree

from nde.train.batches import Batches, weight_of
from nde.train.step import Loss, Step, copied

Place = Callable[[PyTree[Any]], PyTree[Any]]
"""Brings a batch onto the devices."""


class Judge:
    """Measures a model on data that it does not learn from, and remembers the best.

    Attributes:
        every: How many steps there are between two looks; `None` without validation.
        best: The weights with the least metric, or `None` if none was finite yet.
        best_value: That metric.
        best_step: After which step.
        waited: How many looks ago that was.
    """

    def __init__(
        self, step: Step, metric: Loss, data: Batches | None, place: Place, *, every: int | None, patience: int | None
    ) -> None:
        self.every, self._patience = every, patience
        self._batches = [] if data is None else [(place(batch), weight_of(batch)) for batch in data.epoch()]
        self._measure = step.measure(metric)
        self.best: list[Array] | None = None
        self.best_value, self.best_step, self.waited = math.inf, 0, 0

    def due(self, done: int, steps: int) -> bool:
        """Whether to look after this step."""
        return self.every is not None and (done % self.every == 0 or done == steps)

    def look(self, done: int, shown: list[Array], *, patient: bool) -> float:
        """The metric after a step: the mean over all batches, by their weights.

        Args:
            done: How many steps are done.
            shown: The weights.
            patient: Whether a look without an improvement counts.
        """
        values = [self._measure(shown, batch, number) for number, (batch, _) in enumerate(self._batches)]
        weights = [weight for _, weight in self._batches]
        value = float(np.dot(np.array([float(each) for each in values]), weights) / np.sum(weights))
        if value < self.best_value:
            self.best, self.best_value, self.best_step, self.waited = copied(shown), value, done, 0
        else:
            self.waited += patient
        return value

    @property
    def exhausted(self) -> bool:
        """Whether there were as many looks without an improvement as patience lasts."""
        return self._patience is not None and self.waited >= self._patience
