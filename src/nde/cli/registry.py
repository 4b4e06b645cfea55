"""All tasks of the command line, and which of them a command asks for."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from nde.cli.panels.baselines import targets_of
from nde.cli.panels.classification import ClassificationTask
from nde.cli.panels.config import PanelConfig
from nde.cli.panels.forecasting import ForecastingTask
from nde.cli.panels.generation import GenerationTask
from nde.cli.panels.imputation import ImputationTask
from nde.cli.panels.regression import RegressionTask
from nde.cli.panels.target import are_classes
from nde.cli.panels.task import AbstractPanelTask, other_home
from nde.cli.rows.tasks import RowClassificationTask, RowRegressionTask
from nde.cli.tables.config import TableConfig
from nde.cli.tables.forecast import TableForecastTask
from nde.cli.tables.ode import ODETask
from nde.cli.tables.sde import SDETask
from nde.cli.tables.task import AbstractTableTask
from nde.cli.task import Task
from nde.data import DataError, PanelFile
from nde.models.registry import current_name

_CLASSES, _NUMBERS = ClassificationTask(), RegressionTask()
_FORECAST, _IMPUTE = ForecastingTask(), ImputationTask()
_ROW_CLASSES, _ROW_NUMBERS = RowClassificationTask(), RowRegressionTask()

TABLE_TASKS: tuple[AbstractTableTask, ...] = (TableForecastTask(), ODETask(), SDETask())
"""Tasks for one table; the first is the default."""
PANEL_TASKS: tuple[AbstractPanelTask, ...] = (_CLASSES, _NUMBERS, GenerationTask(), _FORECAST, _IMPUTE)
"""Tasks for many series."""
ROW_TASKS: tuple[AbstractPanelTask, ...] = (_ROW_CLASSES, _ROW_NUMBERS)
"""Tasks for rows without times."""
TABLE_OPTIONS = frozenset[str]().union(*(task.options for task in TABLE_TASKS))
PANEL_OPTIONS = frozenset[str]().union(*(task.options for task in (*PANEL_TASKS, *ROW_TASKS)))
"""The options of `nde fit` for either."""


def choose_table_task(config: TableConfig) -> tuple[AbstractTableTask, TableConfig]:
    """The task whose models the options name, and the options with its default model if they name none.

    Raises:
        DataError: If there is no such model, or the options make no sense for it.
    """
    if not config.models:
        config = dataclasses.replace(config, models=(TABLE_TASKS[0].default,))
    for task in TABLE_TASKS:
        if set(config.models) <= set(task.models):
            task.check(config)
            return task, config
    names = ", ".join(name for task in TABLE_TASKS for name in task.models)
    wanted = ", ".join(config.models)
    raise DataError(f"There is no model '{wanted}' of one table; there are {names}.{other_home(wanted)}")


def choose_panel_tasks(config: PanelConfig) -> tuple[Sequence[AbstractPanelTask], PanelConfig]:
    """The tasks that the options may ask for, and the options with their default model if they name none.

    There are two, for classes and for numbers, if the target decides.

    Raises:
        DataError: If the options make no sense.
    """
    tasks = _panel_tasks(config)
    if config.model is None:
        config = dataclasses.replace(config, model=tasks[0].default)
    for task in tasks:
        task.check(config)
    return tasks, config


def choose_by_target(tasks: Sequence[AbstractPanelTask], source: PanelFile) -> AbstractPanelTask:
    """The only task, or the one that suits the targets: of two, the first is for classes."""
    return tasks[0] if len(tasks) == 1 or are_classes(targets_of(source.panel)) else tasks[1]


def _panel_tasks(config: PanelConfig) -> Sequence[AbstractPanelTask]:
    if config.task is not None:
        return [_named(config.task, ROW_TASKS if config.of_rows else PANEL_TASKS)]
    if config.of_rows:
        return ROW_TASKS
    if config.impute:
        return [_IMPUTE]
    return [_FORECAST] if config.target is None else [_CLASSES, _NUMBERS]


def _named(name: str, among: Sequence[AbstractPanelTask]) -> AbstractPanelTask:
    """The task of `--task`."""
    tasks = {task.choice: task for task in among if task.option == "--task"}
    if name not in tasks:
        *first, last = tasks
        where = "" if among is PANEL_TASKS else " for rows without times"
        raise DataError(f"--task must be {', '.join(first)} or {last}{where}; got {name}.")
    return tasks[name]


def task_of_run(metrics: dict[str, Any]) -> Task:
    """The task of a finished run.

    Args:
        metrics: The content of its `metrics.json`; a run of one table is known by its models.

    Raises:
        KeyError: If there is no such task.
    """
    tasks: dict[str, Task] = {task.name: task for task in (*PANEL_TASKS, *ROW_TASKS, *TABLE_TASKS)}
    if "task" in metrics:
        return tasks[metrics["task"]]
    best = {name: task for task in TABLE_TASKS for name in task.models}
    return best[current_name(metrics["best"])]
