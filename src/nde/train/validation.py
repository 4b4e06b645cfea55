"""Validate a model during training: keep the best weights and decide when to stop."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Array, PyTree

from nde.train.batches import Batches, weight_of
from nde.train.step import Loss, Step, copy_arrays

PlaceBatch = Callable[[PyTree[Any]], PyTree[Any]]
"""Transfers a batch to the devices."""


class Validator:
    """Evaluates a model on validation data and remembers the best weights.

    Attributes:
        every: Steps between two validations; `None` without validation data.
        best: The weights with the lowest metric, or `None` while no metric was finite.
        best_value: Their metric.
        best_step: The step after which the model had these weights.
        waited: The number of validations since.
    """

    def __init__(
        self,
        step: Step,
        metric: Loss,
        data: Batches | None,
        place: PlaceBatch,
        *,
        every: int | None,
        patience: int | None,
    ) -> None:
        self.every, self._patience = every, patience
        self._batches = [] if data is None else [(place(batch), weight_of(batch)) for batch in data.epoch()]
        self._metric = step.compile_metric(metric)
        self.best: list[Array] | None = None
        self.best_value, self.best_step, self.waited = math.inf, 0, 0

    def due(self, done: int, steps: int) -> bool:
        """Return whether to validate after step `done`."""
        return self.every is not None and (done % self.every == 0 or done == steps)

    def evaluate(self, done: int, weights: list[Array], *, patient: bool) -> float:
        """Compute the metric after a step, averaged over all batches by their weights.

        Args:
            done: The number of completed steps.
            weights: The weights of the model.
            patient: Whether a validation without an improvement counts towards the patience.
        """
        values = [self._metric(weights, batch, number) for number, (batch, _) in enumerate(self._batches)]
        shares = [share for _, share in self._batches]
        value = float(np.dot(np.array([float(each) for each in values]), shares) / np.sum(shares))
        if value < self.best_value:
            self.best, self.best_value, self.best_step, self.waited = copy_arrays(weights), value, done, 0
        else:
            self.waited += patient
        return value

    @property
    def exhausted(self) -> bool:
        """Whether the patience has run out."""
        return self._patience is not None and self.waited >= self._patience
