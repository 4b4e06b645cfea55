"""The folder of a run with many series."""

import dataclasses
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from nde.cli.noise.predict import row
from nde.cli.panel.course.done import CourseDone
from nde.cli.panel.course.pictures import draw as draw_courses
from nde.cli.panel.course.report import report as course_report
from nde.cli.panel.course.rows import judged
from nde.cli.panel.done import Done
from nde.cli.panel.finished import Finished
from nde.cli.panel.generate.done import GeneratedDone
from nde.cli.panel.generate.pictures import draw as draw_generated
from nde.cli.panel.generate.report import report as generated_report
from nde.cli.panel.generate.rows import generated
from nde.cli.panel.pictures import draw
from nde.cli.panel.report import report
from nde.data.panel import TimeSeries

MODEL = "model"
"""Where in the folder the model is."""


def write(folder: Path, done: Finished) -> None:
    """Writes everything about a run; what tells that it is finished comes last."""
    done.model.save(folder / MODEL)
    metrics = metrics_of(done)
    if isinstance(done, GeneratedDone):
        page, lines, name = *_of_law(folder, done, metrics), "samples.csv"
    elif isinstance(done, CourseDone):
        page, lines, name = *_of_course(folder, done, metrics), "predictions.csv"
    else:
        page, lines, name = *_of_target(folder, done, metrics), "predictions.csv"
    (folder / "report.html").write_text(page, encoding="utf-8")
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    draft = folder / ".metrics.json"
    draft.write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
    os.replace(draft, folder / "metrics.json")


def _of_target(folder: Path, done: Done, metrics: dict[str, Any]) -> tuple[str, Iterator[str]]:
    """Draws; gives the report, and the lines of the predictions."""
    draw(folder, done)
    part = done.data.parts.test
    truth = [] if part.targets is None else part.targets.tolist()
    lines = predictions(part, done.said["test"], done.classes if done.is_of_classes else None, truth)
    return report(folder, done, metrics), lines


def _of_course(folder: Path, done: CourseDone, metrics: dict[str, Any]) -> tuple[str, Iterator[str]]:
    """The same without a target."""
    draw_courses(folder, done)
    lines = judged(done.test, done.said["test"], (done.job.series, done.job.time))
    return course_report(folder, done, metrics), lines


def _of_law(folder: Path, done: GeneratedDone, metrics: dict[str, Any]) -> tuple[str, Iterator[str]]:
    """The same of generated series."""
    draw_generated(folder, done)
    return generated_report(folder, done, metrics), generated(done.samples, (done.job.series, done.job.time))


def predictions(
    panel: TimeSeries, said: np.ndarray, classes: np.ndarray | None, truth: list[Any] | None = None
) -> Iterator[str]:
    """The lines of a CSV file: what is said of each series.

    Args:
        panel: The series.
        said: Probabilities of classes, or a number.
        classes: Which the probabilities are of; none if it is a number.
        truth: Of each series, if it is to stand beside.
    """
    chances = [] if classes is None else [f"probability {name}" for name in classes.tolist()]
    yield row(["series", *(["truth"] if truth else []), "prediction", *chances])
    for place, name in enumerate(panel.ids):
        true = [_cell(truth[place])] if truth else []
        numbers = [_cell(value) for value in said[place].tolist()]
        best = [] if classes is None else [_cell(classes.tolist()[int(said[place].argmax())])]
        yield row([_cell(name), *true, *best, *numbers])


def metrics_of(done: Finished) -> dict[str, Any]:
    """What is in `metrics.json`."""
    parts, train = done.data.parts.named(), done.data.parts.train
    classes = {"classes": done.classes.tolist()} if isinstance(done, Done) and done.is_of_classes else {}
    return {
        "task": done.data.task,
        **classes,
        **done.scores,
        "baselines": done.baselines,
        "sizes": {name: {"series": len(part), "rows": len(part.ts)} for name, part in parts.items()},
        "data": {
            "source": done.job.file,
            "series": done.job.series,
            "time": done.job.time,
            "dates": train.clock.unit is not None,
            "channels": list(train.channels),
            "static": list(train.static_names),
            "target": done.job.target,
            "remarks": list(done.data.remarks),
        },
        "settings": {**dataclasses.asdict(done.job), "steps_made": len(done.model.history_.step)},
        "seconds": round(done.seconds, 2),
    }


def _cell(value: Any) -> str:
    return f"{value:.9g}" if isinstance(value, float) else str(value)
