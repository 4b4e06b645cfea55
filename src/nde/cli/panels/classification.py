"""Predict a class of each series, or each row."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from nde.cli.figures import literal
from nde.cli.panels.baselines import class_baselines, targets_of
from nde.cli.panels.config import PanelConfig
from nde.cli.panels.readings import classes_to_show, readings
from nde.cli.panels.scores import class_scores, confusion_matrix, mean_log_loss
from nde.cli.panels.series_subject import SERIES_OPTIONS, SeriesSubject, series_sizes
from nde.cli.panels.target import RESULT, AbstractTargetResult, AbstractTargetTask, cell, interval, short
from nde.cli.panels.task import FittedEstimator, PanelData
from nde.cli.report import Grid, Paragraph, Picture, Section
from nde.data.panel import TimeSeries
from nde.data.panel.cells import number_of
from nde.data.panel.notes import quote_names
from nde.models.registry import SERIES_MODELS
from nde.plot import plot_calibration, plot_confusion, plot_running_predictions
from nde.plot.times import time_label

CALIBRATION = "calibration.png"
CLASSES = "classes"


class AbstractClassificationTask(AbstractTargetTask):
    """Predict the class of each series, or each row."""

    stratifies = True

    @property
    def choice(self) -> str:
        """The value of `--task` that asks for it."""
        return CLASSES

    def estimator(self, model: str, **settings: Any) -> Any:
        """The classifier."""
        return self.subject.classifier(model, **settings)

    def target_remarks(self, targets: np.ndarray, config: PanelConfig) -> list[str]:
        """Say so if whole numbers are taken as classes."""
        if config.task is not None or targets.dtype.kind not in "iuf":
            return []
        return [
            f"Target '{config.target}' has {len(np.unique(targets))} different whole numbers, taken as classes; "
            "--task numbers takes them as numbers."
        ]

    def split_remarks(self, train: TimeSeries, test: TimeSeries) -> list[str]:
        """Name the classes that are not in both parts, or hardly in any."""
        trained, tested = np.unique_counts(targets_of(train)), np.unique(targets_of(test))
        single = trained.values[trained.counts == 1]
        unlearned, untested = np.setdiff1d(tested, trained.values), np.setdiff1d(trained.values, tested)
        remarks, (one, every) = [], (self.subject.one, self.subject.every)
        if single.size:
            remarks.append(f"{_subject(single)} a single {one} to train on.")
        if untested.size:
            remarks.append(f"{_subject(untested)} no {every} in the test part: how well the model finds it is unknown.")
        if unlearned.size:
            remarks.append(
                f"{_subject(unlearned)} no {every} to train on: those of the test part cannot be predicted correctly."
            )
        return remarks

    def evaluate(self, config: PanelConfig, data: PanelData, model: FittedEstimator) -> "ClassificationResult":
        """Compute accuracies and losses."""
        outputs, classes = self.part_outputs(data, model), np.asarray(model.estimator.classes_)
        parts = data.split.parts()
        scores = {name: class_scores(targets_of(part), outputs[name], classes) for name, part in parts.items()}
        baselines = class_baselines(data.split.train, data.split.test, self.subject.features)
        return ClassificationResult(self, config, data, model, scores, baselines, outputs)

    def outputs(self, estimator: Any, panel: TimeSeries) -> Float[np.ndarray, "series classes"]:
        """The probabilities of the classes."""
        return np.asarray(estimator.predict_proba(panel), np.float64)

    def cells(self, estimator: Any, outputs: Float[np.ndarray, "series classes"]) -> tuple[list[str], list[list[str]]]:
        """The most likely class, and the probability of each."""
        classes = np.asarray(estimator.classes_).tolist()
        rows = [[cell(classes[int(row.argmax())]), *(cell(value) for value in row.tolist())] for row in outputs]
        return ["prediction", *(f"probability {name}" for name in classes)], rows

    def query_remarks(
        self, estimator: Any, outputs: Float[np.ndarray, "series classes"], truth: Sequence[str | None], target: str
    ) -> list[str]:
        """Name the classes that the model never saw, and count the correct predictions."""
        classes = np.asarray(estimator.classes_)
        predicted = classes[outputs.argmax(axis=1)]
        known = {_value(str(name)): name for name in classes.tolist()}
        pairs = [(text, found) for text, found in zip(truth, predicted, strict=True) if text is not None]
        unseen = list(dict.fromkeys(text for text, _ in pairs if _value(text) not in known))
        judged = [bool(known[_value(text)] == found) for text, found in pairs if _value(text) in known]
        remarks = []
        if unseen:
            remarks.append(
                f"The model never saw {quote_names(unseen)} as '{target}'; "
                "it predicts the most similar class that it knows."
            )
        if judged:
            were = "was" if sum(judged) == 1 else "were"
            known_ones = f"{len(judged)} {self.subject.every} whose '{target}' is known"
            remarks.append(f"{sum(judged)} of {known_ones} {were} predicted correctly.")
        return remarks


class ClassificationTask(AbstractClassificationTask):
    """Predict the class of each series."""

    name = CLASSES
    subject = SeriesSubject()
    options = SERIES_OPTIONS
    models = SERIES_MODELS
    default = next(iter(SERIES_MODELS))

    def sizes(self, model: str) -> frozenset[str]:
        """The size of the state, and those of the networks that the model has."""
        return series_sizes(model)


def _value(text: str) -> float | str:
    """A label as a number, if it is one: 1 and 1.0 are the same."""
    number = number_of(text)
    return text if number is None else number


def _subject(values: np.ndarray) -> str:
    return (
        f"Class {quote_names(values.tolist())} has"
        if len(values) == 1
        else f"Classes {quote_names(values.tolist())} have"
    )


@dataclasses.dataclass(frozen=True, eq=False)
class ClassificationResult(AbstractTargetResult):
    """A fitted classifier, and its scores."""

    loss_name = "log loss"

    @property
    def classes(self) -> np.ndarray:
        """The classes that the model knows."""
        return np.asarray(self.estimator.classes_)

    @property
    def score_labels(self) -> Mapping[str, str]:
        """The heads of the scores."""
        return {
            "accuracy": "accuracy",
            "balanced_accuracy": "balanced",
            "log_loss": "log loss",
            "brier": "Brier",
            "auc": "ROC AUC",
        }

    def metrics(self) -> dict[str, Any]:
        """The content of `metrics.json`."""
        own = {"task": self.task.name, "classes": self.classes.tolist()}
        return {**own, **self.common_metrics(), **self.method_metrics()}

    @property
    def _predicted(self) -> np.ndarray:
        return self.classes[self.outputs["test"].argmax(axis=1)]

    def figures(self) -> dict[str, Figure]:
        """The calibration of probabilities, beside those of all results."""
        right = self._predicted == targets_of(self.test)
        return {**super().figures(), CALIBRATION: plot_calibration(self.outputs["test"].max(axis=1), right)}

    def result_figure(self) -> Figure:
        """The confusion matrix."""
        truth = targets_of(self.test)
        labels = np.unique(np.concatenate([self.classes, truth])).tolist()
        return plot_confusion(
            confusion_matrix(truth, self._predicted, labels), [literal(f"{label}") for label in labels]
        )

    def reading_figure(self) -> Figure:
        """The probabilities for some series while the model reads them."""
        truth, predicted = targets_of(self.test), self._predicted
        shown = classes_to_show(truth, predicted, self.outputs["test"])
        titles = [f"{short(self.test.ids[i])}: {_outcome(truth[i], predicted[i])}" for i in shown]
        found = readings(self.test[shown], titles, lambda panel: self.task.outputs(self.estimator, panel))
        classes = [f"{name}" for name in self.classes.tolist()]
        true = [f"{name}" for name in truth[shown].tolist()]
        return plot_running_predictions(
            found, classes, true, channels=self.train.channels, time=time_label(self.config.time, self.test.clock)
        )

    def loss(self, outputs: Float[np.ndarray, "series classes"]) -> float:
        """The log loss; zero if the model knows no class of the test part."""
        return mean_log_loss(targets_of(self.test), outputs, self.classes) or 0.0

    def score_summary(self) -> str:
        """The accuracy."""
        test, every = self.scores["test"], self.task.subject.every
        return (
            f"The model classifies {100 * test['accuracy']:.1f}% of {test['series']} {every} of the test part "
            f"correctly {interval(test['accuracy_interval'], '.0%')}"
        )

    def score_note(self) -> str:
        """What the scores and baselines are."""
        return (
            "Balanced accuracy is the mean of the recalls of the classes; log loss is the mean of minus the logarithm "
            "of the probability of the true class; the Brier score is the mean squared error of the probabilities; "
            "ROC AUC is the area under the ROC curve, a mean over classes against the rest. The most common class has "
            "the shares of the classes as its probabilities. The linear model is a logistic regression on "
            f"{self.task.subject.linear}."
        )

    def result_section(self) -> Section:
        """The confusion matrix and the recall of each class."""
        test, train = self.scores["test"]["recall"], self.scores["train"]["recall"]
        names = list(dict.fromkeys([*train, *test]))
        rows = [[name, _percent(test.get(name)), _percent(train.get(name))] for name in names]
        picture = Picture(
            RESULT, f"how many {self.task.subject.every} of each class were predicted to be of which class"
        )
        probabilities = Paragraph(
            "On the diagonal of the calibration plot, predictions are correct as often as their probability says; "
            "below it, they are too confident.",
            faint=True,
        )
        calibration = Picture(CALIBRATION, "share of correct predictions over the probability of the predicted class")
        grid = Grid(["class", "recall, test", "recall, train"], rows)
        return Section("Confusion matrix and calibration", [picture, grid, calibration, probabilities])

    def reading_note(self) -> str:
        """Which series are shown."""
        return (
            "Series of the test part: first the most confident wrong predictions, then the least confident correct "
            "one, then the most confident correct ones."
        )


def _outcome(truth: object, predicted: object) -> str:
    return f"{short(predicted)}, correct" if truth == predicted else f"{short(predicted)}, true: {short(truth)}"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f}%"
