"""Predict a number for each series, or each row."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from nde.cli.panels.baselines import number_baselines, targets_of
from nde.cli.panels.config import PanelConfig
from nde.cli.panels.readings import numbers_to_show, readings
from nde.cli.panels.scores import number_scores
from nde.cli.panels.series_subject import SERIES_OPTIONS, SeriesSubject, series_sizes
from nde.cli.panels.target import RESULT, AbstractTargetResult, AbstractTargetTask, cell, interval, short
from nde.cli.panels.task import FittedEstimator, PanelData
from nde.cli.report import Picture, Section
from nde.data import DataError
from nde.data.panel import TimeSeries
from nde.data.panel.cells import number_of
from nde.models.registry import SERIES_MODELS
from nde.plot import plot_predicted, plot_running_predictions
from nde.plot.times import time_label

NUMBERS = "numbers"


class AbstractRegressionTask(AbstractTargetTask):
    """Predict a number for each series, or each row."""

    stratifies = False

    @property
    def choice(self) -> str:
        """The value of `--task` that asks for it."""
        return NUMBERS

    def estimator(self, model: str, **settings: Any) -> Any:
        """The regressor."""
        return self.subject.regressor(model, **settings)

    def target_remarks(self, targets: np.ndarray, config: PanelConfig) -> list[str]:
        """Refuse text; say so if numbers were not asked for."""
        if targets.dtype.kind not in "iuf":
            text = np.unique(targets)[0]
            raise DataError(f"Target '{config.target}' has the text '{text}'; --task {NUMBERS} needs numbers.")
        if config.task is not None:
            return []
        return [f"Target '{config.target}' is taken as numbers; --task classes takes each as a class."]

    def split_remarks(self, train: TimeSeries, test: TimeSeries) -> list[str]:
        """None."""
        del train, test
        return []

    def evaluate(self, config: PanelConfig, data: PanelData, model: FittedEstimator) -> "RegressionResult":
        """Compute errors."""
        outputs, parts = self.part_outputs(data, model), data.split.parts()
        scores = {name: number_scores(targets_of(part), outputs[name][:, 0]) for name, part in parts.items()}
        baselines = number_baselines(data.split.train, data.split.test, self.subject.features)
        return RegressionResult(self, config, data, model, scores, baselines, outputs)

    def outputs(self, estimator: Any, panel: TimeSeries) -> Float[np.ndarray, "series 1"]:
        """The numbers."""
        return np.asarray(estimator.predict(panel), np.float64).reshape(len(panel), 1)

    def cells(self, estimator: Any, outputs: Float[np.ndarray, "series 1"]) -> tuple[list[str], list[list[str]]]:
        """The number."""
        del estimator
        return ["prediction"], [[cell(value)] for value in outputs[:, 0].tolist()]

    def query_remarks(
        self, estimator: Any, outputs: Float[np.ndarray, "series 1"], truth: Sequence[str | None], target: str
    ) -> list[str]:
        """The root mean squared error."""
        del estimator
        numbers = [None if text is None else number_of(text) for text in truth]
        pairs = [
            (true, found)
            for true, found in zip(numbers, outputs[:, 0], strict=True)
            if true is not None and np.isfinite(true)
        ]
        if not pairs:
            return []
        rmse = np.sqrt(np.mean([(true - found) ** 2 for true, found in pairs]))
        return [f"Root mean squared error of {len(pairs)} {self.subject.every} whose '{target}' is known: {rmse:.4g}."]


class RegressionTask(AbstractRegressionTask):
    """Predict a number for each series."""

    name = NUMBERS
    subject = SeriesSubject()
    options = SERIES_OPTIONS
    models = SERIES_MODELS
    default = next(iter(SERIES_MODELS))

    def sizes(self, model: str) -> frozenset[str]:
        """The size of the state, and those of the networks that the model has."""
        return series_sizes(model)


@dataclasses.dataclass(frozen=True, eq=False)
class RegressionResult(AbstractTargetResult):
    """A fitted regressor, and its scores."""

    loss_name = "RMSE"

    @property
    def score_labels(self) -> Mapping[str, str]:
        """The heads of the scores."""
        return {"rmse": "RMSE", "mae": "mean absolute error", "r2": "R²"}

    def metrics(self) -> dict[str, Any]:
        """The content of `metrics.json`."""
        return {"task": self.task.name, **self.common_metrics(), **self.method_metrics()}

    def result_figure(self) -> Figure:
        """Predicted over true numbers."""
        truth = targets_of(self.test).astype(float)
        return plot_predicted(truth, self.outputs["test"][:, 0], what=f"{self.config.target}")

    def reading_figure(self) -> Figure:
        """Predictions for some series while the model reads them."""
        truth, predicted = targets_of(self.test), self.outputs["test"][:, 0]
        shown = numbers_to_show(truth)
        titles = [f"{short(self.test.ids[i])}: {predicted[i]:.4g}, true: {truth[i]:.4g}" for i in shown]
        found = readings(self.test[shown], titles, lambda panel: self.task.outputs(self.estimator, panel))
        true = [float(number) for number in truth[shown]]
        return plot_running_predictions(
            found,
            (),
            true,
            channels=self.train.channels,
            time=time_label(self.config.time, self.test.clock),
            what=f"{self.config.target}",
        )

    def loss(self, outputs: Float[np.ndarray, "series 1"]) -> float:
        """The root mean squared error."""
        return float(np.sqrt(np.mean((outputs[:, 0] - targets_of(self.test).astype(float)) ** 2)))

    def score_summary(self) -> str:
        """The error."""
        test, every = self.scores["test"], self.task.subject.every
        return (
            f"The root mean squared error (RMSE) of the model on {test['series']} {every} of the test part is "
            f"{test['rmse']:.4g} {interval(test['rmse_interval'], '.3g')}"
        )

    def score_note(self) -> str:
        """What the scores and baselines are."""
        return (
            f"Mean is the mean of the training {self.task.subject.every}. The linear model is a ridge regression on "
            f"{self.task.subject.linear}."
        )

    def result_section(self) -> Section:
        """Predicted over true numbers."""
        every = self.task.subject.every
        return Section("Predictions and truth", [Picture(RESULT, f"predicted over true numbers of the test {every}")])

    def reading_note(self) -> str:
        """Which series are shown."""
        return "Series of the test part, from the least to the greatest number, chosen without regard to predictions."
