"""What the command line asks of a task for one table."""

import abc
from typing import Generic, TypeVar

from nde.cli.console import show_notes
from nde.cli.tables.config import TableConfig, Tables
from nde.cli.task import Task
from nde.data import DataError

Source = TypeVar("Source")
Data = TypeVar("Data")


class AbstractTableTask(Task[TableConfig, Source, Data], Generic[Source, Data]):
    """A task for one table, which also says how its file is read."""

    @abc.abstractmethod
    def read(self, config: TableConfig) -> Source:
        """Read the file.

        Raises:
            DataError: If it cannot be read, or is not what the options say.
        """


def read_tables(config: TableConfig) -> Tables:
    """Read the tables that options name, and print what was guessed about the file.

    Raises:
        DataError: If they cannot be read, or are not what the options say.
    """
    tables = config.read()
    show_notes(next(iter(tables.values())).notes)
    return tables


def refuse_forecast_options(config: TableConfig) -> None:
    """Refuse the options of forecasts.

    Raises:
        DataError: If one was given.
    """
    for name in ("horizon", "season", "window", "known"):
        if getattr(config, name):
            raise DataError(
                f"--{name} is for a forecast of one table, without --model; got --model {', '.join(config.models)}."
            )
