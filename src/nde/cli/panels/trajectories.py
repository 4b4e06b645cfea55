"""What forecasting series and filling their gaps have in common."""

import abc
import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from nde.cli.cells import exact, rounded, series_cells, time_texts
from nde.cli.files import csv_text
from nde.cli.panels.comparison import comparison_blocks, verdict
from nde.cli.panels.config import SIZES, PanelConfig
from nde.cli.panels.holdout import Holdout
from nde.cli.panels.split import Split, drop_remarks, is_too_small, only_so_many, split_series
from nde.cli.panels.task import (
    COMMON_OPTIONS,
    LEARNING,
    AbstractPanelResult,
    AbstractPanelTask,
    FittedEstimator,
    PanelData,
    Scores,
)
from nde.cli.panels.trajectory_scores import Values, trajectory_scores
from nde.cli.report import Block, Code, Grid, Paragraph, Picture, Report, Section, number, reference_section
from nde.data import DataError, PanelFile, drop_observations
from nde.data.panel import TimeSeries
from nde.data.panel.notes import quote_names
from nde.data.plural import pluralize
from nde.models.registry import LATENT_MODELS
from nde.plot import Trajectory, plot_trajectories
from nde.plot.times import dates_or_numbers, time_label

RESULT = "result.png"
_MOST_SERIES, _POINTS = 4, 200
_LABELS = {
    "rmse": "RMSE",
    "scaled_rmse": "RMSE in standard deviations",
    "mae": "mean absolute error",
    "coverage": "in 80% interval",
}
_LOSS = "The loss is minus a lower bound of the log-likelihood of an observation; the last weights were kept."


@dataclasses.dataclass(frozen=True)
class Words:
    """How the report and remarks speak of a task.

    Attributes:
        title: Of the report, before the channels.
        heading: Of the section with series.
        withheld: Observations that are withheld, in the plural.
        withheld_label: The same in the legend of the plot.
        predicted_label: What the model predicts, in the legend of the plot.
        shown: What the plot shows.
        baseline: What the baseline does.
        of_few: What is withheld of each series if there are few, given how many: the beginning of a sentence.
        needed: What a series needs to be of use for the test.
        useless: What series have that are of no use.
        command: Further options of `nde predict`.
        program: The last line of the Python program.
        compared: How methods were compared.
    """

    title: str
    heading: str
    withheld: str
    withheld_label: str
    predicted_label: str
    shown: str
    baseline: str
    of_few: Callable[[int], str]
    needed: str
    useless: str
    command: str
    program: str
    compared: str


def refuse_steps(settings: Mapping[str, Any], models: Iterable[str]) -> None:
    """Refuse a number of training steps for a model that has none.

    Raises:
        DataError: If there is one.
    """
    if "max_iter" in settings:
        raise DataError(f"--steps is the number of training steps of --model {' or '.join(models)}; leave it out.")


class AbstractTrajectoryTask(AbstractPanelTask):
    """Predict the channels of each series at some times.

    Attributes:
        words: How the report and remarks speak of it.
    """

    options = COMMON_OPTIONS
    words: ClassVar[Words]

    def sizes(self, model: str) -> frozenset[str]:
        """All sizes of a latent ODE, and none of the methods that are compared."""
        return frozenset(SIZES if model in LATENT_MODELS else ())

    @abc.abstractmethod
    def baselines(self, holdout: Holdout, train: TimeSeries) -> Scores:
        """The scores of simple predictions."""

    @abc.abstractmethod
    def more_scores(self, estimator: Any, holdout: Holdout) -> dict[str, Any]:
        """Scores that only some estimators have."""

    @abc.abstractmethod
    def hold_out(self, panel: TimeSeries, seed: int) -> Holdout | None:
        """Withhold what is to be predicted of series that the model was not fitted to; `None` if there is nothing."""

    @abc.abstractmethod
    def hold_out_few(self, panel: TimeSeries, seed: int) -> Holdout | None:
        """The same of series that are to train as well."""

    @abc.abstractmethod
    def training_series(self, panel: TimeSeries, holdout: Holdout, seed: int) -> TimeSeries:
        """What series that are to train as well may train with."""

    @abc.abstractmethod
    def values(self, estimator: Any, panel: TimeSeries, times: Float[np.ndarray, "series times"]) -> np.ndarray:
        """The predictions of an estimator, of shape `(series, times, channels)`."""

    @abc.abstractmethod
    def first_time(self, ts: Float[np.ndarray, " rows"]) -> float:
        """The time from which on predictions for a series of such times are plotted."""

    def prepare(self, config: PanelConfig, source: PanelFile) -> PanelData:
        """Split the series, and withhold a part of those of the test."""
        if is_too_small(config, source):
            split, holdouts, remarks = self._few(config, source.panel)
        else:
            split, holdouts, remarks = self._many(config, split_series(config, source))
        return PanelData(split, (*source.notes, *drop_remarks(config), *remarks), holdouts)

    def evaluate(self, config: PanelConfig, data: PanelData, model: FittedEstimator) -> "TrajectoryResult":
        """Compute errors."""
        train, holdouts = data.split.train, data.holdouts
        outputs = {
            name: self.trajectories(model.estimator, holdout.inputs, holdout.times)
            for name, holdout in holdouts.items()
        }
        scores = {name: trajectory_scores(holdout, outputs[name], train) for name, holdout in holdouts.items()}
        scores["test"] |= self.more_scores(model.estimator, holdouts["test"])
        baselines = self.baselines(holdouts["test"], train)
        return TrajectoryResult(self, config, data, model, scores, baselines, outputs)

    def trajectories(self, estimator: Any, panel: TimeSeries, times: list[Float[np.ndarray, " _"]]) -> list[Values]:
        """Predictions for each series at times of its own."""
        longest = max(len(each) for each in times)
        padded = np.stack([np.pad(each, (0, longest - len(each)), "edge") for each in times])
        values = np.asarray(self.values(estimator, panel, padded), np.float64)
        return [each[: len(own)] for each, own in zip(values, times, strict=True)]

    def _few(self, config: PanelConfig, panel: TimeSeries) -> tuple[Split, dict[str, Holdout], list[str]]:
        """The split of series that are too few to set some aside: a part of each trains."""
        panel = drop_observations(panel, config.drop, seed=3 * config.seed)
        test = self._usable(self.hold_out_few(panel, config.seed), panel)
        train = self.training_series(panel, test, config.seed)
        remark = (
            f"{only_so_many(len(panel))}, too few to hold some out. {self.words.of_few(len(panel))} is held out for "
            "testing."
        )
        return Split(train, None, panel), {"test": test}, [remark, *self._useless(panel, test)]

    def _many(self, config: PanelConfig, split: Split) -> tuple[Split, dict[str, Holdout], list[str]]:
        """The split of other series: what is withheld of the test part, and, to compare, of the training series."""
        split, remarks = split.drop(config).without_validation()
        test = self._usable(self.hold_out(split.test, config.seed), split.test)
        train = self.hold_out(split.train, config.seed)
        holdouts = {"test": test} if train is None else {"train": train, "test": test}
        return split, holdouts, [*remarks, *self._useless(split.test, test)]

    def _usable(self, holdout: Holdout | None, panel: TimeSeries) -> Holdout:
        """Refuse series of which nothing can be withheld."""
        if holdout is None:
            longest = pluralize(int(panel.lengths.max()), "row")
            raise DataError(
                f"Got {pluralize(len(panel), 'series')} for the test, of at most {longest}; at least one must have "
                f"{self.words.needed}."
            )
        return holdout

    def _useless(self, panel: TimeSeries, holdout: Holdout) -> list[str]:
        """A remark on series that cannot be tested with, if there are some."""
        known = set(holdout.inputs.ids)
        others = [name for name in panel.ids if name not in known]
        if not others:
            return []
        count = pluralize(len(others), "series")
        return [f"{count} of the test with {self.words.useless}, not judged: {quote_names(others)}."]


@dataclasses.dataclass(frozen=True, eq=False)
class TrajectoryResult(AbstractPanelResult):
    """A model that predicts the channels of each series, and its scores.

    Attributes:
        outputs: The predictions for what was withheld of each part.
    """

    task: AbstractTrajectoryTask
    outputs: dict[str, list[Values]]

    @property
    def test(self) -> Holdout:
        """What was withheld of the test part."""
        return self.data.holdouts["test"]

    def metrics(self) -> dict[str, Any]:
        """The content of `metrics.json`."""
        return {"task": self.task.name, **self.common_metrics()}

    def figures(self) -> dict[str, Figure]:
        """Some series of the test with what was withheld and predicted; and the loss."""
        learning = {LEARNING: self.learning_curve()} if self.steps_made else {}
        return {RESULT: self._series_figure(), **learning}

    def _series_figure(self) -> Figure:
        shown = np.unique(np.linspace(0, len(self.test.times) - 1, _MOST_SERIES).round().astype(np.int64))
        some, words = self.test[shown], self.task.words
        times = [
            np.linspace(self.task.first_time(series.ts), own[-1], _POINTS)
            for series, own in zip(some.inputs, some.times, strict=True)
        ]
        values = self.task.trajectories(self.estimator, some.inputs, times)
        clock = some.inputs.clock
        trajectories = [
            Trajectory(
                title=f"{series.id}",
                ts=dates_or_numbers(series.ts, clock, place),
                ys=series.ys,
                holdout_ts=dates_or_numbers(some.times[place], clock, place),
                holdout_ys=some.truth[place],
                predicted_ts=dates_or_numbers(times[place], clock, place),
                predicted_ys=values[place],
            )
            for place, series in enumerate(some.inputs)
        ]
        return plot_trajectories(
            trajectories,
            self.train.channels,
            time=time_label(self.config.time, clock),
            holdout=words.withheld_label,
            prediction=words.predicted_label,
        )

    def predictions(self) -> tuple[str, str]:
        """Predictions and truth at the times of what was withheld."""
        channels = self.train.channels
        header = [*self.heads, *channels, *(f"truth {name}" for name in channels)]
        return "predictions.csv", csv_text(header, self._rows())

    def _rows(self) -> Iterator[list[str]]:
        test, outputs = self.test, self.outputs["test"]
        for place, (name, times) in enumerate(zip(test.inputs.ids, test.times, strict=True)):
            truth, texts = test.truth[place], time_texts(test.inputs.clock, times, place)
            for row in np.flatnonzero(~np.isnan(truth).all(axis=1)):
                head = [*series_cells(self.config.series, name), texts[row]]
                yield [*head, *map(rounded, outputs[place][row]), *map(exact, truth[row])]

    def summary(self) -> Sequence[str | Grid]:
        """The comparison of methods, the scores, and who won."""
        grids = [block for block in self._comparison() if isinstance(block, Grid)]
        return [*grids, self.score_grid(self._labels), *(f"\n{line}" for line in self._sentences())]

    @property
    def _labels(self) -> dict[str, str]:
        """The heads of scores."""
        return {name: label for name, label in _LABELS.items() if name in self.scores["test"]}

    def _comparison(self) -> list[Block]:
        """How methods compared on the training part; empty for a model that is trained alone."""
        return comparison_blocks(self.estimator, self.task.words.compared)

    def _sentences(self) -> list[str]:
        """Who won, on the training part and on the test."""
        compared = self.estimator.summary().splitlines() if self._comparison() else []
        return [*compared, verdict(f"{self.config.model}", self.scores["test"], self.baselines)]

    def report(self, folder: Path) -> Report:
        """The report."""
        words, config, test = self.task.words, self.config, self.scores["test"]
        shell = f"nde predict {folder} {config.file} {words.command}"
        note = (
            "The errors are in units of the data, all channels together; in standard deviations, each channel counts "
            f"alike. {words.baseline}; mean is the mean of each channel in the training series. The scores on the "
            "training series are on values that the model was fitted to."
        )
        picture = Picture(RESULT, "series of the test: what the model saw, what was withheld, and the predictions")
        shown = f"Series of the test part, chosen without regard to predictions. {words.shown}"
        return Report(
            title=f"{words.title} {self.channel_title()}",
            summary=(
                f"The root mean squared error (RMSE) of the model on {test['values']} {words.withheld}, of "
                f"{test['series']} series, is {test['rmse']:.4g}; it was fitted to {len(self.train)} series. "
                f"Source: {config.file}"
            ),
            sections=[
                Section("Comparison", [*map(Paragraph, self._sentences()), *self._comparison()]),
                Section("Scores", [self.score_grid(self._labels), Paragraph(note, faint=True), self._channel_grid()]),
                Section(words.heading, [Paragraph(shown), picture]),
                *([self.training_section(_LOSS)] if self.steps_made else []),
                self.data_section(),
                Section("Use the model", [Code(shell), Code(self.program(folder, words.program))]),
                reference_section(self.estimator),
            ],
            footer=self.footer(),
        )

    def _channel_grid(self) -> Grid:
        """The error on each channel."""
        every = {f"{self.config.model}": self.scores["test"], **self.baselines}
        rows = [[name, *(number(score["channels"][name]) for score in every.values())] for name in self.train.channels]
        return Grid(["RMSE, test", *every], rows)
