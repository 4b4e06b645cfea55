"""Predictions for many series by the model of a run."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import typer

from nde.cli.panel import methods
from nde.cli.panel.course.asked import asked_times, check_asked
from nde.cli.panel.course.rows import filled, forecast
from nde.cli.panel.done import outputs
from nde.cli.panel.names import CLASSES, FORECAST, GENERATE, IMPUTE
from nde.cli.panel.write import MODEL, predictions
from nde.data import DataError, PanelFile, read_panel
from nde.data.panel.cells import number_of
from nde.data.panel.notes import quote_names


def is_run(folder: Path) -> bool:
    """Whether a folder is a run with many series, finished or not."""
    return (folder / "job.json").is_file()


def predicted(folder: Path, file: Path | None, times: str | None = None, horizon: int | None = None) -> str:
    """What the model says of each series of a file, as CSV; what is odd about the file goes to standard error.

    Args:
        folder: The folder of a run.
        file: The file, of the same columns as that which the model was fitted to; the target may be missing.
        times: To forecast, with commas.
        horizon: Or how many steps to forecast.

    Raises:
        DataError: If the run is not finished, or the file is none for its model.
    """
    metrics = metrics_of_run(folder)
    data, task = metrics["data"], metrics["task"]
    if task == GENERATE:
        raise DataError(f"The run {folder} generates series: `nde sample {folder} --n 100` is wanted.")
    if file is None:
        raise DataError(f"Got no file for the run {folder}, which is of many series: `nde predict {folder} FILE`.")
    check_asked(task, times, horizon)
    read = read_panel(
        file, data["series"], data["time"], data["channels"], data["static"], labels=_labels(file, data["target"])
    )
    if (read.panel.clock.unit is not None) != data["dates"]:
        wanted = "dates" if data["dates"] else "numbers"
        raise DataError(f"Column '{data['time']}' of {file} does not hold {wanted}, which the model was fitted to.")
    model = methods.load(folder / MODEL)
    if task in (FORECAST, IMPUTE):
        heads = (data["series"], data["time"])
        if task == IMPUTE:
            text = _text(filled(model, read.panel, heads))
        else:
            text = _text(forecast(model, read.panel, asked_times(read.panel, times, horizon), heads))
        _tell(read.notes)
        return text
    said = outputs(model, read.panel, task)
    classes = np.asarray(model.classes_) if task == CLASSES else None
    _tell((*read.notes, *_judged(read, data["target"], said, classes)))
    return _text(predictions(read.panel, said, classes))


def _tell(remarks: Iterable[str]) -> None:
    for remark in remarks:
        typer.echo(f"nde: {remark}", err=True)


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


def _labels(file: Path, target: str | None) -> list[str]:
    """The target, if the file has it."""
    from nde.data.frames import read_frame  # noqa: PLC0415 (takes long to import)

    return [target] if target is not None and target in read_frame(file).columns else []


def _judged(read: PanelFile, target: str | None, said: np.ndarray, classes: np.ndarray | None) -> list[str]:
    """How good the predictions are, as far as the file tells the truth."""
    if target not in read.labels:
        return []
    texts = read.labels[target]
    known = np.flatnonzero([each is not None for each in texts])
    if classes is None:
        return _errors(np.array([texts[place] for place in known], object), said[known, 0], f"{target}")
    found = classes[said.argmax(axis=1)]
    places = {_plain(str(name)): name for name in classes.tolist()}
    new = list(dict.fromkeys(texts[place] for place in known if _plain(texts[place]) not in places))
    told = []
    if new:
        told.append(
            f"The model never saw {quote_names(new)} as '{target}'; it takes such series for what is most like them."
        )
    judged = [place for place in known if _plain(texts[place]) in places]
    if judged:
        right = sum(bool(found[place] == places[_plain(texts[place])]) for place in judged)
        told.append(f"{right} of {len(judged)} series whose '{target}' is known were predicted right.")
    return told


def _errors(texts: np.ndarray, said: np.ndarray, target: str) -> list[str]:
    truth = [number_of(text) for text in texts]
    pairs = [(true, found) for true, found in zip(truth, said, strict=True) if true is not None and np.isfinite(true)]
    if not pairs:
        return []
    rmse = np.sqrt(np.mean([(true - found) ** 2 for true, found in pairs]))
    return [f"Root mean squared error of {len(pairs)} series whose '{target}' is known: {rmse:.4g}."]


def _plain(text: str) -> float | str:
    number = number_of(text)
    return text if number is None else number


def metrics_of_run(folder: Path) -> dict[str, Any]:
    """What `metrics.json` of a run holds.

    Raises:
        DataError: If the run is not finished, or the file is damaged.
    """
    if not (folder / "metrics.json").is_file():
        raise DataError(f"The run {folder} is not finished; `nde fit --resume {folder}` goes on with it.")
    try:
        metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        metrics["task"], metrics["data"]["channels"], metrics["data"]["target"]
    except (ValueError, KeyError, TypeError):
        raise DataError(f"{folder / 'metrics.json'} is damaged; fit again.") from None
    return metrics
