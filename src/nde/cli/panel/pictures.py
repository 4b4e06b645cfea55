"""Pictures of a run with many series."""

from pathlib import Path

import numpy as np

from nde.cli.panel.done import Done, outputs
from nde.cli.panel.examples import classes_to_show, numbers_to_show, readings
from nde.cli.panel.learning import draw_learning
from nde.cli.panel.scores import confusion
from nde.data.panel import TimeSeries
from nde.plot import plot_confusion, plot_predicted, plot_running_predictions

RESULT, READINGS = "result.png", "readings.png"


def draw(folder: Path, done: Done) -> None:
    """Draws confusion, or predicted over true numbers; learning curves; and series as the model reads them."""
    test = done.data.parts.test
    truth, said = _targets(test), done.predicted("test")
    if done.is_of_classes:
        labels = np.unique(np.concatenate([done.classes, truth])).tolist()
        result = plot_confusion(confusion(truth, said, labels), [str(label) for label in labels])
    else:
        result = plot_predicted(truth.astype(float), said, what=f"{done.job.target}")
    result.savefig(folder / RESULT)
    draw_learning(folder, done.model.history_)
    if done.is_of_classes:
        _read_classes(folder, done, truth, said)
    else:
        _read_numbers(folder, done, truth, said)


def _read_classes(folder: Path, done: Done, truth: np.ndarray, said: np.ndarray) -> None:
    test, chances = done.data.parts.test, done.said["test"]
    shown = classes_to_show(truth, said, chances)
    titles = [f"{_short(test.ids[i])}: {_verdict(truth[i], said[i])}" for i in shown]
    found = readings(test[shown], titles, lambda panel: outputs(done.model, panel, done.data.task))
    classes = [str(name) for name in done.classes.tolist()]
    true = [str(name) for name in truth[shown].tolist()]
    plot_running_predictions(found, classes, true, time=done.job.time).savefig(folder / READINGS)


def _read_numbers(folder: Path, done: Done, truth: np.ndarray, said: np.ndarray) -> None:
    test = done.data.parts.test
    shown = numbers_to_show(truth)
    titles = [f"{_short(test.ids[i])}: said {said[i]:.4g}, is {truth[i]:.4g}" for i in shown]
    found = readings(test[shown], titles, lambda panel: outputs(done.model, panel, done.data.task))
    true = [float(number) for number in truth[shown]]
    figure = plot_running_predictions(found, (), true, time=done.job.time, what=f"{done.job.target}")
    figure.savefig(folder / READINGS)


def _targets(panel: TimeSeries) -> np.ndarray:
    return np.empty(0) if panel.targets is None else panel.targets


def _verdict(truth: object, said: object) -> str:
    return f"{_short(said)}, right" if truth == said else f"said {_short(said)}, is {_short(truth)}"


def _short(name: object, most: int = 16) -> str:
    text = str(name)
    return text if len(text) <= most else f"{text[: most - 1]}…"
