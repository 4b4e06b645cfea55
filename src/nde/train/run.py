"""A training run in progress, which can be saved and resumed."""

import dataclasses
import math
import time
from typing import Any

import numpy as np
from jaxtyping import Array

from nde.data.plural import pluralize
from nde.train.batches import Batches
from nde.train.history import History, Recorder
from nde.train.settings import Settings
from nde.train.step import Step, copy_arrays
from nde.train.validation import Validator


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """Everything that is needed to resume a run.

    Attributes:
        state: The arrays of the training state.
        best: The best weights so far, if any.
        columns: The history, by name.
        metadata: The rest, ready for a JSON file.
    """

    state: list[Any]
    best: list[Any]
    columns: dict[str, np.ndarray]
    metadata: dict[str, Any]


class Run:
    """A training run in progress.

    Attributes:
        done: The number of completed steps.
        steps: The total number of steps.
    """

    def __init__(
        self, step: Step, source: Batches, validator: Validator, recorder: Recorder, settings: Settings
    ) -> None:
        self._step, self._source, self._validator, self._recorder = step, source, validator, recorder
        self._settings, self._start_time = settings, time.perf_counter()
        self._leaves: list[Array] = []
        self.done, self.steps = 0, settings.steps

    def start(self) -> None:
        """Initialize the training state."""
        self._leaves = self._step.start()

    def advance(self) -> None:
        """Make a training step, and validate if it is time."""
        share = self._settings.share(self.done)
        self._leaves, output = self._step(self._leaves, next(self._source), share)
        self.done += 1
        value = None
        if self._validator.due(self.done, self.steps):
            whole = share is None or share >= 1
            value = self._validator.evaluate(self.done, self._step.evaluated(self._leaves), patient=whole)
        self._recorder.record(output, value)
        if self.done == 1:
            self._recorder.flush()

    @property
    def reason(self) -> str | None:
        """Why the run has ended, or `None` if it has not."""
        if self._validator.exhausted:
            waited = pluralize(self._validator.waited, "validation")
            return f"no improvement in {waited} since step {self._validator.best_step}"
        return f"all {pluralize(self.done, 'step')} completed" if self.done >= self.steps else None

    @property
    def seconds(self) -> float:
        """The time taken so far, including that before the run was resumed."""
        return time.perf_counter() - self._start_time

    @property
    def best_step(self) -> int:
        """The step after which the model had the weights that are returned."""
        return self.done if self._validator.best is None else self._validator.best_step

    def model(self) -> Any:
        """Return the model with the best weights, or the last ones without validation."""
        best = self._validator.best
        return self._step.model(self._step.evaluated(self._leaves) if best is None else best)

    @property
    def skipped(self) -> int:
        """The number of skipped steps."""
        return self._recorder.skipped

    def history(self) -> History:
        """Return the history so far."""
        return self._recorder.history()

    def flush(self) -> None:
        """Wait until all steps are computed and recorded."""
        self._recorder.flush()

    def snapshot(self) -> Snapshot:
        """Copy everything that is needed to resume the run."""
        self._recorder.flush()
        validator = self._validator
        return Snapshot(
            state=copy_arrays(self._leaves),
            best=[] if validator.best is None else validator.best,
            columns=self._recorder.columns(),
            metadata={
                "done": self.done,
                "seconds": self.seconds,
                "source": self._source.state,
                "best_value": validator.best_value if math.isfinite(validator.best_value) else None,
                "best_step": validator.best_step,
                "waited": validator.waited,
                "skipped": self._recorder.skipped,
                "columns": list(self._recorder.columns()),
            },
        )

    def shapes(self, metadata: dict[str, Any]) -> Snapshot:
        """Return the shapes of the arrays of a snapshot with this metadata."""
        return Snapshot(
            state=self._step.shapes,
            best=[] if metadata["best_value"] is None else self._step.evaluated(self._step.shapes),
            columns={name: np.empty(metadata["done"]) for name in metadata["columns"]},
            metadata=metadata,
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Continue from a snapshot."""
        metadata, validator = snapshot.metadata, self._validator
        self._leaves, self.done = snapshot.state, metadata["done"]
        self._start_time = time.perf_counter() - metadata["seconds"]
        self._source = self._source.at(metadata["source"])
        validator.best_step, validator.waited = metadata["best_step"], metadata["waited"]
        if metadata["best_value"] is not None:
            validator.best, validator.best_value = snapshot.best, metadata["best_value"]
        self._recorder.restore(snapshot.columns, metadata["skipped"])
