"""Which series train, and which test."""

import dataclasses
from collections.abc import Hashable

import numpy as np
from jaxtyping import Int

from nde.data import DataError
from nde.data.panel import TimeSeries
from nde.data.panel.shuffle import shuffled

_TEST = 0.2
LEAST = 5
"""Series that can be split at random."""
_NAMES = ("train", "validation", "test")


@dataclasses.dataclass(frozen=True, eq=False)
class Parts:
    """The series to train on, to test with, and to stop by, if these are given.

    Attributes:
        train: To train on.
        validation: To stop by; `None` if the estimator is to choose.
        test: To test with.
    """

    train: TimeSeries
    validation: TimeSeries | None
    test: TimeSeries

    def named(self) -> dict[str, TimeSeries]:
        """The parts there are, by name."""
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: part for name, part in parts.items() if part is not None}


def parts_by_column(panel: TimeSeries, labels: np.ndarray, column: str) -> Parts:
    """The parts as a column names them: `train`, `test` and perhaps `validation`.

    Raises:
        DataError: If it says something else, or names no series to train on or to test with.
    """
    named = np.array([None if label is None else str(label).lower() for label in labels], object)
    for name, label in zip(panel.ids, named, strict=True):
        if label not in _NAMES:
            what = "is empty" if label is None else f"says '{label}'"
            raise DataError(f"Column '{column}' {what} for series '{name}'; train, test or validation is wanted.")
    for wanted in ("train", "test"):
        if wanted not in named:
            there = " and ".join(f"'{name}'" for name in sorted(set(named)))
            raise DataError(f"Column '{column}' says only {there}; series for 'train' and for 'test' are wanted.")
    train, validation, test = (np.flatnonzero(named == name) for name in _NAMES)
    return Parts(panel[train], panel[validation] if validation.size else None, panel[test])


def parts_at_random(panel: TimeSeries, classes: bool, seed: int) -> Parts:
    """A fifth of the series to test with, of each class if there are any.

    A class of a single series has it to train on.

    Raises:
        DataError: If there are too few series.
    """
    if len(panel) < LEAST:
        raise DataError(
            f"Got {len(panel)} series; at least {LEAST} are wanted to set some aside for the test. Add series, or say "
            "with --split what each is for."
        )
    groups = _classes(panel.targets) if classes and panel.targets is not None else {"": np.arange(len(panel))}
    order = shuffled(len(panel), seed, 2)
    test = np.concatenate([_drawn(order[np.isin(order, group)]) for group in groups.values()])
    if not test.size:
        raise DataError(
            "Each class has a single series; at least one of two is wanted, to train on one and test with one."
        )
    train = np.setdiff1d(np.arange(len(panel)), test)
    return Parts(panel[train], None, panel[np.sort(test)])


def _classes(targets: np.ndarray) -> dict[Hashable, Int[np.ndarray, " some"]]:
    return {value: np.flatnonzero(targets == value) for value in np.unique(targets).tolist()}


def _drawn(places: Int[np.ndarray, " series"]) -> Int[np.ndarray, " some"]:
    """A fifth of the places, but one at least, unless there is no other."""
    count = 0 if len(places) == 1 else max(1, round(_TEST * len(places)))
    return places[:count]
