"""Runs: fit a task, evaluate it, and write its folder; resume a run; read a finished one."""

import dataclasses
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nde.cli import registry
from nde.cli.console import show, show_notes
from nde.cli.densities import ESTIMATOR, sample_density
from nde.cli.failures import at_times, failures_in_words, resumable
from nde.cli.files import WriteError, check_new, new_folder
from nde.cli.panels.config import PanelConfig
from nde.cli.panels.generation import GenerationTask
from nde.cli.panels.task import PanelData
from nde.cli.run_folder import CHECKPOINTS, METRICS, is_panel_run, rescue, write
from nde.cli.stopped import FAILED, StoppedError
from nde.cli.tables.config import TableConfig
from nde.cli.task import Predictions, Query, Result, Task
from nde.data import DataError
from nde.data.plural import pluralize

_TRAIN_OTHERWISE = "Try other --steps, another --seed, or another --model."


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
    results = {}
    with failures_in_words("The fit", _TRAIN_OTHERWISE):
        for path, (config, data) in jobs.items():
            results[path] = task.evaluate(config, data, task.fit(config, data, None))
    try:
        with new_folder(folder) as draft:
            for path, result in results.items():
                write(draft / path.relative_to(folder), path, result)
    except WriteError as error:
        raise StoppedError(f"{error} {rescue(folder, results)}", FAILED) from None
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
    # A resumed run has only this path, which is the same in all folders.
    config = dataclasses.replace(config, file=f"{Path(config.file).absolute()}")
    with resumable(folder):
        with new_folder(folder) as draft:
            config.write(draft)
        try:
            model = _train(task, config, data, folder)
        except DataError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        _finish(task, config, data, model, folder)


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
    with resumable(folder):
        _finish(task, config, data, _train(task, config, data, folder), folder)


def prepare_panel(config: PanelConfig) -> tuple[Task, PanelConfig, PanelData]:
    """Find the task that the options, and if need be the data, ask for, and read its data.

    Raises:
        DataError: If the options or data make no sense.
    """
    tasks, config = registry.choose_panel_tasks(config)
    source = config.read()
    task = registry.choose_by_target(tasks, source)
    data = task.prepare(config, source)
    return task, config, dataclasses.replace(data, reading=source.options, categories=source.categories)


def _train(task: Task, config: PanelConfig, data: PanelData, folder: Path) -> Any:
    """Train, with checkpoints in the folder.

    Raises:
        DataError: If the data are not what the model needs, training fails, or the folder cannot be written.
    """
    sizes = ", ".join(f"{pluralize(len(part), config.sample)} to {name}" for name, part in data.split.parts().items())
    show(f"{sizes}; {pluralize(len(data.split.train.channels), 'feature' if config.of_rows else 'channel')}")
    show_notes(data.remarks)
    try:
        with failures_in_words("Training", _TRAIN_OTHERWISE):
            return task.fit(config, data, folder)
    except OSError as error:
        raise WriteError(folder, error) from None


def _finish(task: Task, config: PanelConfig, data: PanelData, model: Any, folder: Path) -> None:
    """Evaluate a trained model, and write the run.

    Raises:
        StoppedError: If that fails; the checkpoints are kept.
    """
    try:
        with failures_in_words("The evaluation of the trained model", _TRAIN_OTHERWISE):
            result = task.evaluate(config, data, model)
    except DataError as error:
        raise StoppedError(f"{error} The trained weights are kept in {folder / CHECKPOINTS}.", FAILED) from None
    try:
        write(folder, folder, result)
    except OSError as error:
        again = f"Or free some space, and resume with `nde fit --resume {folder}`."
        raise StoppedError(f"{WriteError(folder, error)} {rescue(folder, {folder: result})} {again}", FAILED) from None
    # From here on the model is all that is needed.
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
    _announce(folder, result)


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
    chosen = query.times is not None or query.horizon is not None
    with at_times("Predictions", chosen=chosen):
        return registry.task_of_run(metrics).predict(folder, metrics, query)


def sample(folder: Path, count: int, times: str | None, seed: int, hypersolver: int | None = None) -> str:
    """Generate series by the model of a finished run, or points of a saved density, as CSV.

    Args:
        folder: The folder of the run, or of a saved `FlowDensity`.
        count: How many series or points.
        times: With commas, counted from the beginning of a series; by default as in the data.
        seed: Of random numbers.
        hypersolver: For a density, the number of steps of a hypersolver.

    Raises:
        DataError: If there is no such run, or the times make no sense for it.
    """
    if (folder / ESTIMATOR).is_file():
        if times is not None:
            raise DataError(f"--times is for series; {folder} holds an estimator, whose samples are points.")
        return sample_density(folder, count, seed, hypersolver)
    if hypersolver is not None:
        raise DataError("--hypersolver is for densities: a folder that `FlowDensity.save` wrote.")
    if not is_panel_run(folder):
        raise DataError(
            f"There is no run of many series in {folder}. Name a folder that `nde fit --task generate` wrote."
        )
    metrics = read_metrics(folder)
    with at_times("Sampling", chosen=times is not None):
        return GenerationTask().sample(folder, metrics, count, times, seed)


def read_metrics(folder: Path) -> dict[str, Any]:
    """The content of `metrics.json` of a run.

    Raises:
        DataError: If there is no run, it is not finished, or the file is damaged.
    """
    path = folder / METRICS
    if not path.is_file() and is_panel_run(folder):
        raise DataError(f"The run {folder} is not finished; resume it with `nde fit --resume {folder}`.")
    if not path.is_file():
        raise DataError(f"There is no run in {folder}: {METRICS} is missing. Give a folder that `nde fit` wrote.")
    try:
        metrics = json.loads(path.read_text(encoding="utf-8"))
        registry.task_of_run(metrics).check_metrics(metrics)
    except (ValueError, KeyError, TypeError):
        raise DataError(f"{path} is damaged; fit again.") from None
    return metrics
