"""What predicting the class and predicting the number of each series, or each row, have in common."""

import abc
import dataclasses
import functools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from nde.cli.cells import rounded
from nde.cli.files import csv_text
from nde.cli.panels.baselines import targets_of
from nde.cli.panels.config import PanelConfig
from nde.cli.panels.split import drop_remarks, split_series
from nde.cli.panels.subject import AbstractSubject
from nde.cli.panels.task import (
    LEARNING,
    AbstractPanelResult,
    AbstractPanelTask,
    FittedEstimator,
    PanelData,
    query_file,
    read_like,
)
from nde.cli.report import Block, Code, Paragraph, Report, Section, reference_section
from nde.cli.task import Predictions, Query
from nde.data import DataError, PanelFile
from nde.data.panel import TimeSeries

Outputs = dict[str, Float[np.ndarray, "series outputs"]]
"""The predictions for each part."""
RESULT = "result.png"
_MOST_CLASSES = 20
_LEAST_SERIES = 3
"""Of a class, on average, if whole numbers are to be classes."""


def are_classes(targets: np.ndarray) -> bool:
    """Whether targets are classes: text, or few whole numbers.

    Whole numbers are classes if there are two, or at most 20 of which at least three series each have one on average.
    """
    if targets.dtype.kind not in "iuf":
        return True
    values = len(np.unique(targets))
    return targets.dtype.kind in "iu" and (
        values == 2 or (values <= _MOST_CLASSES and len(targets) >= _LEAST_SERIES * values)
    )


class AbstractTargetTask(AbstractPanelTask):
    """Predict a target of each series, or each row.

    Attributes:
        stratifies: Whether a random split takes a share of each value of the target.
        subject: What the target is predicted of.
    """

    stratifies: ClassVar[bool]
    subject: ClassVar[AbstractSubject]
    option = "--task"

    @abc.abstractmethod
    def target_remarks(self, targets: np.ndarray, config: PanelConfig) -> list[str]:
        """Check the targets.

        Returns:
            Remarks on how they are taken.

        Raises:
            DataError: If they are not what the task predicts.
        """

    @abc.abstractmethod
    def outputs(self, estimator: Any, panel: TimeSeries) -> Float[np.ndarray, "series outputs"]:
        """The predictions of an estimator: a row for each series."""

    @abc.abstractmethod
    def cells(self, estimator: Any, outputs: Float[np.ndarray, "series outputs"]) -> tuple[list[str], list[list[str]]]:
        """The heads of the columns of predictions, and the cells of each series."""

    @abc.abstractmethod
    def query_remarks(
        self, estimator: Any, outputs: Float[np.ndarray, "series outputs"], truth: Sequence[str | None], target: str
    ) -> list[str]:
        """How good predictions are, as far as a file has the truth.

        Args:
            estimator: The estimator.
            outputs: Its predictions.
            truth: The text of the target of each series.
            target: The name of the target.
        """

    def prepare(self, config: PanelConfig, source: PanelFile) -> PanelData:
        """Split the series."""
        targets = targets_of(source.panel)
        values = np.unique(targets)
        if len(values) < 2:
            raise DataError(
                f"Target '{config.target}' is '{values[0]}' for {self._all(len(targets))}; there is nothing to learn."
            )
        remarks = [*source.notes, *self.target_remarks(targets, config)]
        split = split_series(config, source, stratify=self.stratifies)
        split = split.drop(config) if config.drop else split
        return PanelData(split, (*remarks, *drop_remarks(config), *self.split_remarks(split.train, split.test)))

    def _all(self, count: int) -> str:
        """So many samples, if these are all."""
        return f"the only {self.subject.one}" if count == 1 else f"all {count} {self.subject.every}"

    @abc.abstractmethod
    def split_remarks(self, train: TimeSeries, test: TimeSeries) -> list[str]:
        """Remarks on the parts."""

    def part_outputs(self, data: PanelData, model: FittedEstimator) -> Outputs:
        """The predictions for each part."""
        return {name: self.outputs(model.estimator, part) for name, part in data.split.parts().items()}

    def predict(self, folder: Path, metrics: dict[str, Any], query: Query) -> Predictions:
        """Predict the target of each series of a file."""
        source = read_like(metrics, query_file(folder, query, f"one of {self.choice}"), query.reading)
        target = metrics["data"]["target"]
        estimator = self.load(folder)
        outputs = self.outputs(estimator, source.panel)
        truth = source.labels[target].tolist() if target in source.labels else [None] * len(source.panel)
        remarks = [*source.notes, *self.query_remarks(estimator, outputs, truth, target)]
        heads, cells = self.cells(estimator, outputs)
        rows = ([f"{name}", *row] for name, row in zip(source.panel.ids, cells, strict=True))
        return Predictions(csv_text([self.subject.one, *heads], rows), remarks)


@dataclasses.dataclass(frozen=True, eq=False)
class AbstractTargetResult(AbstractPanelResult):
    """A model that predicts a target of each series, and its scores.

    Attributes:
        outputs: The predictions for each part.
    """

    loss_name: ClassVar[str]
    task: AbstractTargetTask
    outputs: Outputs

    @property
    def test(self) -> TimeSeries:
        """The series to test with."""
        return self.data.split.test

    @property
    @abc.abstractmethod
    def score_labels(self) -> Mapping[str, str]:
        """The heads of the scores."""

    @abc.abstractmethod
    def result_figure(self) -> Figure:
        """The plot of predictions beside the truth."""

    @abc.abstractmethod
    def reading_figure(self) -> Figure:
        """The plot of predictions for some series while the model reads them."""

    @abc.abstractmethod
    def loss(self, outputs: Float[np.ndarray, "series outputs"]) -> float:
        """The loss of predictions for the test part."""

    @abc.abstractmethod
    def score_summary(self) -> str:
        """How good the model is, in half a sentence."""

    @abc.abstractmethod
    def score_note(self) -> str:
        """What the scores and baselines are."""

    @abc.abstractmethod
    def result_section(self) -> Section:
        """The section about predictions beside the truth."""

    @abc.abstractmethod
    def reading_note(self) -> str:
        """Which series are shown."""

    @functools.cached_property
    def findings(self) -> Any:
        """What else was found out."""
        return self.task.subject.examine(self)

    def figures(self) -> dict[str, Figure]:
        """Predictions beside the truth; the loss; and what else was found out."""
        more = self.task.subject.figures(self, self.findings)
        return {RESULT: self.result_figure(), LEARNING: self.learning_curve(), **more}

    def predictions(self) -> tuple[str, str]:
        """Truth and prediction for each series of the test part."""
        heads, cells = self.task.cells(self.estimator, self.outputs["test"])
        return "predictions.csv", csv_text([self.task.subject.one, "truth", *heads], self._rows(cells))

    def _rows(self, cells: list[list[str]]) -> Iterator[list[str]]:
        for name, truth, row in zip(self.test.ids, targets_of(self.test).tolist(), cells, strict=True):
            yield [f"{name}", cell(truth), *row]

    def summary(self) -> list[Any]:
        """The scores, and which method is the best."""
        return [self.score_grid(self.score_labels), f"{self.score_summary()}.", *self.estimator.notes_]

    def method_metrics(self) -> dict[str, Any]:
        """What `metrics.json` says about the methods that are mixed."""
        estimator = self.estimator
        methods = {"shares": estimator.shares_, "held_out": estimator.held_out_losses_}
        return {"methods": methods, **self.task.subject.metrics(self.findings)}

    def report(self, folder: Path) -> Report:
        """The report."""
        config = self.config
        shell = f"nde predict {folder} {config.file} --out predictions.csv"
        program = self.program(folder, "print(model.predict(panel))")
        found = [Paragraph(note) for note in self.estimator.notes_]
        scores: list[Block] = [*found, self.score_grid(self.score_labels), Paragraph(self.score_note(), faint=True)]
        return Report(
            title=f"{config.target}, from {self.channel_title()}",
            summary=f"{self.score_summary()}; it was fitted to {len(self.train)}. Source: {config.file}",
            sections=[
                Section("Scores", scores),
                self.result_section(),
                *self.task.subject.sections(self, self.findings),
                self.training_section(self._training_note()),
                self.data_section(),
                Section("Use the model", [Code(shell), Code(program)]),
                reference_section(self.estimator),
            ],
            footer=self.footer(),
        )

    def _training_note(self) -> str:
        every = self.task.subject.every
        if self.data.split.validation is None:
            return (
                f"Each network of the ensemble left out another part of the {every} to train on. The validation loss "
                f"is that of the {every} left out, and the weights with the lowest were kept."
            )
        return f"The weights that did best on the validation {every} were kept."


def interval(ends: Sequence[float], form: str) -> str:
    """An interval of 95% in parentheses."""
    return f"(95% interval {ends[0]:{form}} to {ends[1]:{form}})"


def cell(value: Any) -> str:
    """A class or a number for a CSV file."""
    return rounded(value, 9) if isinstance(value, float) else f"{value}"


def short(name: object, most: int = 16) -> str:
    """A name for a title."""
    text = f"{name}"
    return text if len(text) <= most else f"{text[: most - 1]}…"
