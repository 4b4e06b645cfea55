"""A training under way, which can be written down and taken up again."""

import dataclasses
import math
import time
from typing import Any

import numpy as np
from jaxtyping import Array

from nde.train.batches import Batches
from nde.train.history import History, Ledger
from nde.train.settings import Settings
from nde.train.step import Step, copied
from nde.train.validation import Judge


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """All that a training needs to go on.

    Attributes:
        descent: The arrays of its descent.
        best: The best weights so far, if there are any.
        columns: The history, by name.
        told: The rest, for a JSON file.
    """

    descent: list[Any]
    best: list[Any]
    columns: dict[str, np.ndarray]
    told: dict[str, Any]


class Run:
    """A training under way.

    Attributes:
        done: How many steps are done.
        steps: How many are to be done.
    """

    def __init__(self, step: Step, source: Batches, judge: Judge, ledger: Ledger, settings: Settings) -> None:
        self._step, self._source, self._judge, self._ledger = step, source, judge, ledger
        self._settings, self._begun = settings, time.perf_counter()
        self._leaves: list[Array] = []
        self.done, self.steps = 0, settings.steps

    def begin(self) -> None:
        """Makes the descent before its first step."""
        self._leaves = self._step.start()

    def advance(self) -> None:
        """Makes a step, and looks at the validation data if it is time."""
        share = self._settings.share(self.done)
        self._leaves, told = self._step(self._leaves, next(self._source), share)
        self.done += 1
        value = None
        if self._judge.due(self.done, self.steps):
            whole = share is None or share >= 1
            value = self._judge.look(self.done, self._step.shown(self._leaves), patient=whole)
        self._ledger.put(told, value)
        if self.done == 1:
            self._ledger.settle()

    @property
    def reason(self) -> str | None:
        """Why it has ended, or `None`."""
        if self._judge.exhausted:
            return f"no improvement in {self._judge.waited} validations since step {self._judge.best_step}"
        return f"all {self.done} steps were made" if self.done >= self.steps else None

    @property
    def seconds(self) -> float:
        """How long it took so far, earlier processes with it."""
        return time.perf_counter() - self._begun

    @property
    def best_step(self) -> int:
        """After which step the model had the weights that are returned."""
        return self.done if self._judge.best is None else self._judge.best_step

    def model(self) -> Any:
        """With the weights that are returned."""
        return self._step.model(self._step.shown(self._leaves) if self._judge.best is None else self._judge.best)

    @property
    def skipped(self) -> int:
        """How many steps were passed over."""
        return self._ledger.skipped

    def history(self) -> History:
        """All steps so far."""
        return self._ledger.history()

    def settle(self) -> None:
        """Waits until all steps are made and told."""
        self._ledger.settle()

    def snapshot(self) -> Snapshot:
        """Where it is, in memory of its own."""
        self._ledger.settle()
        judge = self._judge
        return Snapshot(
            descent=copied(self._leaves),
            best=[] if judge.best is None else judge.best,
            columns=self._ledger.columns(),
            told={
                "done": self.done,
                "seconds": self.seconds,
                "source": self._source.state,
                "best_value": judge.best_value if math.isfinite(judge.best_value) else None,
                "best_step": judge.best_step,
                "waited": judge.waited,
                "skipped": self._ledger.skipped,
                "columns": list(self._ledger.columns()),
            },
        )

    def shapes(self, told: dict[str, Any]) -> Snapshot:
        """What a snapshot of this training looks like, for those who read one."""
        return Snapshot(
            descent=self._step.shapes,
            best=[] if told["best_value"] is None else self._step.shown(self._step.shapes),
            columns={name: np.empty(told["done"]) for name in told["columns"]},
            told=told,
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Goes on from there."""
        told, judge = snapshot.told, self._judge
        self._leaves, self.done = snapshot.descent, told["done"]
        self._begun = time.perf_counter() - told["seconds"]
        self._source = self._source.at(told["source"])
        judge.best_step, judge.waited = told["best_step"], told["waited"]
        if told["best_value"] is not None:
            judge.best, judge.best_value = snapshot.best, told["best_value"]
        self._ledger.restore(snapshot.columns, told["skipped"])
