"""What the command line asks of a task, and of its results."""

import abc
import dataclasses
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from matplotlib.figure import Figure

from nde.cli.report import Grid, Report
from nde.data import ReadOptions

Config = TypeVar("Config")
Source = TypeVar("Source")
Data = TypeVar("Data")


@dataclasses.dataclass(frozen=True)
class Query:
    """What `nde predict` asks for.

    Attributes:
        file: A file of series.
        times: Times, with commas between them.
        horizon: How many steps to forecast.
        model: The name of a model, if the run has several.
        reading: How to read the file, where it differs from that of the run.
    """

    file: Path | None = None
    times: str | None = None
    horizon: int | None = None
    model: str | None = None
    reading: ReadOptions = dataclasses.field(default_factory=ReadOptions)


@dataclasses.dataclass(frozen=True)
class Predictions:
    """The answer to a query.

    Attributes:
        text: A CSV file.
        remarks: Sentences for standard error.
    """

    text: str
    remarks: Sequence[str] = ()


class Result(abc.ABC):
    """A fitted model and its scores: all that a run writes and prints."""

    @abc.abstractmethod
    def save(self, folder: Path) -> None:
        """Write what was fitted into the folder of the run."""

    @abc.abstractmethod
    def metrics(self) -> dict[str, Any]:
        """The content of `metrics.json`."""

    @abc.abstractmethod
    def figures(self) -> dict[str, Figure]:
        """The plots, by the names of their files."""

    @abc.abstractmethod
    def predictions(self) -> tuple[str, str]:
        """The name and the content of the CSV file of predictions."""

    @abc.abstractmethod
    def report(self, folder: Path) -> Report:
        """The report.

        Args:
            folder: The name that the folder of the run will have.
        """

    @abc.abstractmethod
    def summary(self) -> Sequence[str | Grid]:
        """What the terminal shows at the end."""


class Task(abc.ABC, Generic[Config, Source, Data]):
    """What `nde fit` and `nde predict` do for one kind of question.

    Attributes:
        name: The name in `metrics.json` and, if `option` is `--task`, on the command line.
        option: The option of `nde fit` that asks for the task; empty if none does.
        options: The options of `nde fit` that go with it.
        models: The names of its models.
        default: The model that is fitted if none is named.
    """

    name: ClassVar[str]
    option: ClassVar[str]
    options: ClassVar[frozenset[str]]
    models: ClassVar[Collection[str]]
    default: ClassVar[str]

    @abc.abstractmethod
    def check(self, config: Config) -> None:
        """Check the options, before any data are read.

        Raises:
            DataError: If they make no sense.
        """

    @abc.abstractmethod
    def prepare(self, config: Config, source: Source) -> Data:
        """Make of a file what to train on and what to test with.

        Raises:
            DataError: If the data are not what the task needs.
        """

    @abc.abstractmethod
    def fit(self, config: Config, data: Data, folder: Path | None) -> Any:
        """Train.

        Args:
            config: The options.
            data: What `prepare` returned.
            folder: The folder of the run, for checkpoints and a log; none for a run that cannot be resumed.
        """

    @abc.abstractmethod
    def evaluate(self, config: Config, data: Data, model: Any) -> Result:
        """Compute the scores of what `fit` returned."""

    @abc.abstractmethod
    def check_metrics(self, metrics: dict[str, Any]) -> None:
        """Check that `metrics.json` of a run has what `predict` needs.

        Raises:
            KeyError: If it has not.
        """

    @abc.abstractmethod
    def predict(self, folder: Path, metrics: dict[str, Any], query: Query) -> Predictions:
        """Predict by the model of a finished run.

        Args:
            folder: The folder of the run.
            metrics: The content of its `metrics.json`.
            query: What is asked for.

        Raises:
            DataError: If the query makes no sense for such a run.
        """
