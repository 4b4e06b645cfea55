"""Generated series beside real ones."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from nde.cli.cells import rounded
from nde.cli.files import csv_text
from nde.cli.panels.config import PanelConfig
from nde.cli.panels.random_walk import WALK, random_walks
from nde.cli.panels.task import LEARNING, AbstractPanelResult, AbstractPanelTask, FittedEstimator, PanelData
from nde.cli.report import Block, Code, Grid, Paragraph, Picture, Report, Section, Subheading, reference_section
from nde.data.panel import TimeSeries
from nde.data.times.text import time_text
from nde.estimators.recipes import recipe_of
from nde.metrics import Comparison, compare_series
from nde.plot import plot_generated

REAL = "real, train"
"""The scores of the training series, taken for generated ones: no model can do better but by chance."""
_LEAST, _MOST = 200, 1000
"""Series that are generated to be compared."""
_ENOUGH = 20
"""Series of the test part that can stand for the data."""
_MOST_CHANNELS = 3
_ON_TERMINAL = 8
"""Scores that the terminal shows."""


@dataclasses.dataclass(frozen=True, eq=False)
class GenerationResult(AbstractPanelResult):
    """A fitted generator, and its scores.

    Attributes:
        samples: Generated series, observed when and as often as real ones were.
        comparisons: How far from real series are those of the model, of the baseline and of the data themselves.
    """

    samples: TimeSeries
    comparisons: dict[str, Comparison]

    @property
    def real(self) -> TimeSeries:
        """The series that generated ones are compared with."""
        return self.data.split.test if compares_with_test(self.data) else self.train

    @property
    def _own(self) -> Comparison:
        return self.comparisons[f"{self.config.model}"]

    def metrics(self) -> dict[str, Any]:
        """The content of `metrics.json`."""
        return {"task": self.task.name, **self.common_metrics()}

    @property
    def _pictures(self) -> dict[str, str]:
        """The first channels, and the files of their plots."""
        shown = self.train.channels[:_MOST_CHANNELS]
        return {channel: f"generated{place or ''}.png" for place, channel in enumerate(shown)}

    def figures(self) -> dict[str, Figure]:
        """Generated and real series, for each of the first channels; and the loss."""
        unit = self.train.clock.unit
        since = ", since the first" if unit is None else f" ({unit} since the first)"
        plots = {
            file: plot_generated(self.real, self.samples, channel=channel, time=f"{self.config.time}{since}")
            for channel, file in self._pictures.items()
        }
        return {**plots, LEARNING: self.learning_curve()}

    def predictions(self) -> tuple[str, str]:
        """The generated series."""
        return "samples.csv", csv_text([*self.heads, *self.samples.channels], sample_rows(self.samples))

    def summary(self) -> Sequence[str | Grid]:
        """The first scores, without their intervals."""
        every = self.comparisons
        rows = []
        for i, score in enumerate(self._own.scores[:_ON_TERMINAL]):
            values = [comparison.scores[i].estimate.value for comparison in every.values()]
            rows.append([score.name, *(f"{value:.3g}" for value in (*values, score.best))])
        return [Grid(["", *every, "best"], rows)]

    def report(self, folder: Path) -> Report:
        """The report."""
        shell = f"nde sample {folder} --n 1000 --out samples.csv"
        program = self.program(folder, "samples = model.sample(1000, random_state=0)", "print(samples)", reads=False)
        accuracy = self._own.scores[0].estimate
        return Report(
            title=f"Series like those of {self.channel_title()}",
            summary=(
                f"A classifier tells generated from real series with an accuracy of {accuracy}, where 0.5 would be "
                f"chance. The model was fitted to {len(self.train)} series. Source: {self.config.file}"
            ),
            sections=[
                Section("Real and generated series", self._plot_blocks()),
                Section("Scores", [self._score_grid(), Paragraph(self._score_note(), faint=True)]),
                Section("Statistics", [self._statistics_grid()]),
                self.training_section(self._loss_note()),
                self.data_section(),
                Section("Use the model", [Code(shell), Code(program)]),
                reference_section(self.estimator),
            ],
            footer=self.footer(),
        )

    def _loss_note(self) -> str:
        return recipe_of(f"{self.config.model}").loss_note

    def _plot_blocks(self) -> list[Block]:
        which = (
            "of the test part"
            if compares_with_test(self.data)
            else "of the training part, because the test part has only a few"
        )
        text = (
            f"The real series are those {which}. Each generated series has the times and gaps of a real one, so that "
            "gaps do not tell them apart."
        )
        blocks: list[Block] = [Paragraph(text)]
        for channel, file in self._pictures.items():
            what = f"{channel}: paths, quantiles over time, increments and autocorrelations, real and generated"
            blocks += [Subheading(channel), Picture(file, what)]
        return blocks

    def _score_grid(self) -> Grid:
        """Each score of the model, of the data themselves and of the baseline, with its interval."""
        every = self.comparisons
        rows = [
            [score.name, *(str(comparison.scores[i].estimate) for comparison in every.values()), f"{score.best:.3g}"]
            for i, score in enumerate(self._own.scores)
        ]
        return Grid(["", *every, "best"], rows)

    def _statistics_grid(self) -> Grid:
        """Statistics of the real series and of all others."""
        every = self.comparisons
        rows = [
            [each.name, str(each.real), *(str(comparison.statistics[i].fake) for comparison in every.values())]
            for i, each in enumerate(self._own.statistics)
        ]
        return Grid(["", "real", *every], rows)

    def _score_note(self) -> str:
        real = (
            f" The column {REAL} has the scores of the training series against those of the test: a model can be "
            "better only by chance."
            if compares_with_test(self.data)
            else ""
        )
        return (
            "In brackets are confidence intervals of 95%, from a bootstrap over series. Best is the score of series "
            "of the same distribution. Trained on generated: a linear model that predicts the end of a "
            "series is trained on generated series and tested on real ones. The ratio compares its error with that of "
            "the same model trained on real series. Discrepancies (maximum mean discrepancy) and Wasserstein distances "
            f"are near their best for series of the same distribution.{real} The {WALK} uses the increments of the "
            "data in random order."
        )


def compare_generated(
    task: AbstractPanelTask, config: PanelConfig, data: PanelData, fitted: FittedEstimator
) -> GenerationResult:
    """Generate series, and compare them with real ones."""
    model, train, test = f"{config.model}", data.split.train, data.split.test
    real, held = (test, None) if compares_with_test(data) else (train, test)
    like = real[np.arange(min(_MOST, max(_LEAST, len(real)))) % len(real)]
    times = [series.ts - series.ts[0] for series in like]
    samples = observed_like(fitted.estimator.sample(len(like), times=times, random_state=config.seed), like)
    others = {model: samples, WALK: observed_like(random_walks(train, times, config.seed), like)}
    if compares_with_test(data):
        others[REAL] = train
    comparisons = {name: compare_series(real, panel, holdout=held) for name, panel in others.items()}
    scores = {name: comparison.to_dict() for name, comparison in comparisons.items()}
    own = {"test": scores.pop(model)}
    return GenerationResult(task, config, data, fitted, own, scores, samples, comparisons)


def compares_with_test(data: PanelData) -> bool:
    """Whether there are enough series for the test; if not, generated series are compared with those that train."""
    return len(data.split.test) >= _ENOUGH


def observed_like(panel: TimeSeries, other: TimeSeries) -> TimeSeries:
    """Series without what is missing in others, one by one, which have as many rows."""
    return dataclasses.replace(panel, ys=np.where(other.observed, panel.ys, np.nan))


def sample_rows(panel: TimeSeries) -> Iterator[list[str]]:
    """The cells of generated series: a row for each time of each."""
    for series in panel:
        for time, values in zip(series.ts, series.ys, strict=True):
            yield [f"{series.id}", time_text(time), *(rounded(y) for y in values)]
