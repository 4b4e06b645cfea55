"""Runs: fit a task, evaluate it, and write its folder; resume a run; read a finished one."""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jax

from nde.cli import registry
from nde.cli.console import show
from nde.cli.files import check_new, new_folder
from nde.cli.panels.config import FILE, PanelConfig
from nde.cli.panels.generation import GenerationTask
from nde.cli.panels.task import PanelData
from nde.cli.report import render
from nde.cli.stopped import StoppedError
from nde.cli.tables.config import TableConfig
from nde.cli.task import Predictions, Query, Result, Task
from nde.core.results import SolveError
from nde.data import DataError
from nde.data.plural import pluralize

_METRICS = "metrics.json"


def fit_table(config: TableConfig, folder: Path) -> None:
    """Fit models to one table.

    Args:
        config: The options.
        folder: Where to write; it must not exist.

    Raises:
        DataError: If the options or data make no sense; then nothing is written.
    """
    check_new(folder)
    task, config = registry.choose_table_task(config)
    fit_at_once(task, {folder: (config, task.prepare(config, task.read(config)))}, folder)


def fit_at_once(task: Task, jobs: Mapping[Path, tuple[Any, Any]], folder: Path) -> None:
    """Fit without checkpoints, and write all of several runs or nothing.

    Args:
        task: The task.
        jobs: The options and data of each run, by its folder.
        folder: The folder that holds all of them.
    """
    results = {path: task.evaluate(config, data, task.fit(config, data, None)) for path, (config, data) in jobs.items()}
    with new_folder(folder) as draft:
        for path, result in results.items():
            write(draft / path.relative_to(folder), path, result)
    for path, result in results.items():
        _announce(path, result)


def fit_panel(config: PanelConfig, folder: Path) -> None:
    """Fit a model to many series.

    Args:
        config: The options.
        folder: Where to write; it must not exist.

    Raises:
        DataError: If the options or data make no sense; then nothing is written.
        StoppedError: If it was interrupted; then the run can be resumed.
    """
    check_new(folder)
    task, config, data = prepare_panel(config)
    with new_folder(folder) as draft:
        config.write(draft)
    try:
        _fit_resumable(task, config, data, folder)
    except DataError:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def resume(config: PanelConfig, folder: Path) -> None:
    """Resume a run from its last checkpoint.

    Args:
        config: The options of the run.
        folder: Its folder.

    Raises:
        DataError: If the data have changed.
        StoppedError: If it was interrupted; then the run can be resumed.
    """
    task, config, data = prepare_panel(config)
    _fit_resumable(task, config, data, folder)


def prepare_panel(config: PanelConfig) -> tuple[Task, PanelConfig, PanelData]:
    """Find the task that the options, and if need be the data, ask for, and read its data.

    Raises:
        DataError: If the options or data make no sense.
    """
    tasks, config = registry.choose_panel_tasks(config)
    source = config.read()
    task = registry.choose_by_target(tasks, source)
    return task, config, task.prepare(config, source)


def _fit_resumable(task: Task, config: PanelConfig, data: PanelData, folder: Path) -> None:
    try:
        parts = data.split.parts()
        sizes = ", ".join(f"{len(part)} series to {name}" for name, part in parts.items())
        show(f"{sizes}; {pluralize(len(data.split.train.channels), 'channel')}")
        for remark in data.remarks:
            show(f"- {remark}")
        with _failures_in_words("Training or testing", at_times=False):
            result = task.evaluate(config, data, task.fit(config, data, folder))
        write(folder, folder, result)
        # From here on the model is all that is needed.
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    except KeyboardInterrupt:
        raise StoppedError(f"Stopped; resume with `nde fit --resume {folder}`.") from None
    _announce(folder, result)


def write(folder: Path, name: Path, result: Result) -> None:
    """Write a run; `metrics.json`, which tells that it is finished, comes last.

    Args:
        folder: Where to write.
        name: The name that the folder will have.
        result: What to write.
    """
    folder.mkdir(exist_ok=True)
    result.save(folder)
    for file, figure in result.figures().items():
        figure.savefig(folder / file)
    (folder / "report.html").write_text(render(result.report(name), folder), encoding="utf-8")
    file, text = result.predictions()
    (folder / file).write_text(text, encoding="utf-8", newline="")
    draft = folder / f".{_METRICS}"
    draft.write_text(json.dumps(result.metrics(), indent=2) + "\n", encoding="utf-8")
    os.replace(draft, folder / _METRICS)


def _announce(folder: Path, result: Result) -> None:
    for content in result.summary():
        show(content)
    show(f"\nreport: {folder / 'report.html'}\n")


def predict(folder: Path, query: Query) -> Predictions:
    """Predict by the model of a finished run.

    Raises:
        DataError: If there is no such run, or the query makes no sense for it.
    """
    metrics = read_metrics(folder)
    at_times = query.times is not None or query.horizon is not None
    with _failures_in_words("Predictions", at_times=at_times):
        return registry.task_of_run(metrics).predict(folder, metrics, query)


def sample(folder: Path, count: int, times: str | None, seed: int) -> str:
    """Generate series by the model of a finished run, as CSV.

    Args:
        folder: The folder of the run.
        count: How many series.
        times: With commas, counted from the beginning of a series; by default as in the data.
        seed: Of random numbers.

    Raises:
        DataError: If there is no such run, or the times make no sense for it.
    """
    if not is_panel_run(folder):
        raise DataError(
            f"There is no run of many series in {folder}. Name a folder that `nde fit --task generate` wrote."
        )
    metrics = read_metrics(folder)
    with _failures_in_words("Sampling", at_times=times is not None):
        return GenerationTask().sample(folder, metrics, count, times, seed)


@contextlib.contextmanager
def _failures_in_words(what: str, *, at_times: bool) -> Iterator[None]:
    """Turn the failure of a solve into one line.

    Args:
        what: What was to be done.
        at_times: Whether at times that the user chose.

    Raises:
        DataError: If a solve failed.
    """
    try:
        yield
    except (SolveError, jax.errors.JaxRuntimeError) as error:
        # Under `jax.jit`, JAX's own error holds the name.
        if not isinstance(error, SolveError) and SolveError.__name__ not in str(error):
            raise
        at, advice = (" at these times", " Choose earlier times.") if at_times else ("", "")
        raise DataError(
            f"{what}{at} failed: the solution of the model is not finite or needs too many steps.{advice}"
        ) from None


def read_metrics(folder: Path) -> dict[str, Any]:
    """The content of `metrics.json` of a run.

    Raises:
        DataError: If there is no run, it is not finished, or the file is damaged.
    """
    path = folder / _METRICS
    if not path.is_file() and is_panel_run(folder):
        raise DataError(f"The run {folder} is not finished; resume it with `nde fit --resume {folder}`.")
    if not path.is_file():
        raise DataError(f"There is no run in {folder}: {_METRICS} is missing. Give a folder that `nde fit` wrote.")
    try:
        metrics = json.loads(path.read_text(encoding="utf-8"))
        registry.task_of_run(metrics).check_metrics(metrics)
    except (ValueError, KeyError, TypeError):
        raise DataError(f"{path} is damaged; fit again.") from None
    return metrics


def is_panel_run(folder: Path) -> bool:
    """Whether a folder holds a run with many series, finished or not."""
    return (folder / FILE).is_file()
