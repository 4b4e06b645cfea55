"""Which series train, and which test."""

import dataclasses
from collections.abc import Hashable, Iterable

import numpy as np
from jaxtyping import Int

from nde.cli.panels.config import PanelConfig
from nde.data import DataError, PanelFile, drop_observations
from nde.data.panel import TimeSeries
from nde.data.panel.shuffle import shuffled
from nde.data.plural import pluralize

LEAST = 5
"""Series that can be split at random."""
_TEST = 0.2
_NAMES = ("train", "validation", "test")


@dataclasses.dataclass(frozen=True, eq=False)
class Split:
    """The series to train on, to stop training by, and to test with.

    Attributes:
        train: To train on.
        validation: To stop training by, if there are any.
        test: To test with.
    """

    train: TimeSeries
    validation: TimeSeries | None
    test: TimeSeries

    def parts(self) -> dict[str, TimeSeries]:
        """The parts there are, by name."""
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: part for name, part in parts.items() if part is not None}

    def drop(self, config: PanelConfig) -> "Split":
        """The split without the observations that the options drop; each part has random numbers of its own."""
        validation = self.validation
        return Split(
            drop_observations(self.train, config.drop, seed=3 * config.seed),
            None if validation is None else drop_observations(validation, config.drop, seed=3 * config.seed + 2),
            drop_observations(self.test, config.drop, seed=3 * config.seed + 1),
        )

    def without_validation(self) -> tuple["Split", list[str]]:
        """The split without series for validation, and a remark if there were some."""
        if self.validation is None:
            return self, []
        count = pluralize(len(self.validation), "series")
        return Split(self.train, None, self.test), [f"{count} for validation left out: nothing is stopped by them."]


def split_series(config: PanelConfig, source: PanelFile, *, stratify: bool = False) -> Split:
    """Split series by the column that the options name, or at random.

    Args:
        config: The options.
        source: The series.
        stratify: Whether a random split takes a share of each class.

    Raises:
        DataError: If the column says something else, or there are too few series.
    """
    if config.split is not None:
        return split_by_column(source.panel, source.labels[config.split], config.split)
    return split_at_random(source.panel, stratify, config.seed)


def is_too_small(config: PanelConfig, source: PanelFile) -> bool:
    """Whether no series can be set aside for the test."""
    return config.split is None and len(source.panel) < LEAST


def only_so_many(count: int) -> str:
    """The beginning of a remark that there are few series."""
    return f"There {'is' if count == 1 else 'are'} only {pluralize(count, 'series')}"


def drop_remarks(config: PanelConfig) -> list[str]:
    """A remark about dropped observations, if some were."""
    share = f"{100 * config.drop:g}% of the observations of each series were dropped at random."
    return [share] if config.drop else []


def split_by_column(panel: TimeSeries, labels: np.ndarray, column: str) -> Split:
    """Split series by a column that says `train`, `test` and perhaps `validation`.

    Raises:
        DataError: If it says something else, or names no series to train on or to test with.
    """
    names = np.array([None if label is None else str(label).lower() for label in labels], object)
    for series, name in zip(panel.ids, names, strict=True):
        if name not in _NAMES:
            what = "is empty" if name is None else f"says '{name}'"
            raise DataError(f"Column '{column}' {what} for series '{series}'; expected train, test or validation.")
    for wanted in ("train", "test"):
        if wanted not in names:
            there = " and ".join(f"'{name}'" for name in sorted(set(names)))
            raise DataError(f"Column '{column}' must have series for 'train' and for 'test'; got only {there}.")
    train, validation, test = (np.flatnonzero(names == name) for name in _NAMES)
    return Split(panel[train], panel[validation] if validation.size else None, panel[test])


def split_at_random(panel: TimeSeries, stratify: bool, seed: int) -> Split:
    """Set a fifth of the series aside for the test, of each class if they are to be stratified.

    The only series of a class is one to train on.

    Raises:
        DataError: If there are too few series.
    """
    if len(panel) < LEAST:
        raise DataError(
            f"Got {len(panel)} series; at least {LEAST} are needed to set some aside for the test. Add series, or say "
            "with --split what each is for."
        )
    groups = _classes(panel.targets) if stratify and panel.targets is not None else [np.arange(len(panel))]
    order = shuffled(len(panel), seed, 2)
    test = np.concatenate([_first_fifth(order[np.isin(order, group)]) for group in groups])
    if not test.size:
        raise DataError(
            "Each class has a single series; at least one class needs two, one to train on and one to test with."
        )
    train = np.setdiff1d(np.arange(len(panel)), test)
    return Split(panel[train], None, panel[np.sort(test)])


def _classes(targets: np.ndarray) -> Iterable[Int[np.ndarray, " some"]]:
    values: list[Hashable] = np.unique(targets).tolist()
    return [np.flatnonzero(targets == value) for value in values]


def _first_fifth(places: Int[np.ndarray, " series"]) -> Int[np.ndarray, " some"]:
    """A fifth of the places, but at least one, unless there is no other."""
    count = 0 if len(places) == 1 else max(1, round(_TEST * len(places)))
    return places[:count]
