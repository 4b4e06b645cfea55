"""What tasks for many series have in common."""

import abc
import dataclasses
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from matplotlib.figure import Figure

from nde.cli.cells import heads_of
from nde.cli.console import ProgressFunction, progress_bar
from nde.cli.panels.config import SIZES, PanelConfig
from nde.cli.panels.holdout import Holdout
from nde.cli.panels.split import Split
from nde.cli.report import Block, Bullets, Grid, Paragraph, Picture, Section, number, versions
from nde.cli.task import Query, Result, Task
from nde.data import DataError, PanelFile, ReadOptions, read_panel, read_rows
from nde.data.panel import TimeSeries, columns_of_rows
from nde.data.plural import pluralize
from nde.estimators import load_estimator
from nde.models.registry import GENERATORS, LATENT_MODELS, MODELS, ROW_MODELS, SDE_MODELS, SERIES_MODELS
from nde.plot import plot_learning
from nde.train import TrainingError

MODEL = "model"
"""Where in the folder of a run the model is."""
LEARNING = "learning.png"
COMMON_OPTIONS = frozenset({"series", "time", "model", "split", "drop", "channels", "seed", "steps", *SIZES})
"""Options of all tasks for many series."""


Scores = Mapping[str, dict[str, Any]]
"""Scores by name, of several parts or methods."""


@dataclasses.dataclass(frozen=True, eq=False)
class PanelData:
    """The data of a run.

    Attributes:
        split: The series to train on and to test with.
        remarks: What was done to the data, and what is odd about them.
        holdouts: For tasks without a target what is withheld from the model, by the part that it is of.
        reading: How to read another file in the same way.
        categories: The words of static columns that have words.
    """

    split: Split
    remarks: tuple[str, ...]
    holdouts: Mapping[str, Holdout] = dataclasses.field(default_factory=dict)
    reading: ReadOptions = dataclasses.field(default_factory=ReadOptions)
    categories: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, eq=False)
class FittedEstimator:
    """A fitted estimator, and how many seconds that took."""

    estimator: Any
    seconds: float


class AbstractPanelTask(Task[PanelConfig, PanelFile, PanelData]):
    """A task for many series, or rows without times, done by an estimator.

    Attributes:
        data: What it is for, in words.
    """

    data: ClassVar[str] = "many series"

    @property
    @abc.abstractmethod
    def choice(self) -> str:
        """The value of `--task` that asks for it; empty if none does."""

    @property
    def flag(self) -> str:
        """What asks for the task on the command line; empty if nothing does."""
        return f"--task {self.choice}" if self.option == "--task" else self.option

    @abc.abstractmethod
    def estimator(self, model: str, **settings: Any) -> Any:
        """An estimator that is not fitted yet.

        Args:
            model: The name of the model.
            settings: Parameters that all estimators have.
        """

    @abc.abstractmethod
    def sizes(self, model: str) -> frozenset[str]:
        """The options for sizes that a model has."""

    def check(self, config: PanelConfig) -> None:
        """Refuse options that do not go with the task or the model, and unknown models."""
        for name in ("impute", "target", "static", "window", "drop"):
            value = getattr(config, name)
            if value and name not in self.options:
                raise DataError(_refusal(name, value, self.flag, config))
        if "target" in self.options and config.target is None:
            raise DataError(_without_target("task"))
        if config.model not in self.models:
            which = "without a --target" if config.target is None else "with a --target"
            are = "there is only" if len(self.models) == 1 else "there are"
            raise DataError(
                f"There is no model '{config.model}' of {self.data} {which}; {are} {', '.join(self.models)}."
                f"{other_home(config.model)}"
            )
        _check_sizes(config, self.sizes(f"{config.model}"))

    def fit(self, config: PanelConfig, data: PanelData, folder: Path | None) -> FittedEstimator:
        """Fit the estimator; checkpoints in the folder of the run are resumed from."""
        start = time.perf_counter()
        validation = data.split.validation
        with progress_bar(f"{config.model}", config.steps or 1) as progress:
            estimator = make_estimator(self, config, folder, progress)
            try:
                estimator.fit(data.split.train, **({} if validation is None else {"validation": validation}))
            except TrainingError as error:
                raise DataError(f"The model {config.model} cannot be trained. {error}") from None
        return FittedEstimator(estimator, time.perf_counter() - start)

    def check_metrics(self, metrics: dict[str, Any]) -> None:
        """Check that the columns are named."""
        _ = metrics["data"]["channels"], metrics["data"]["target"]

    def load(self, folder: Path) -> Any:
        """The estimator of a finished run."""
        return load_estimator(folder / MODEL)


def make_estimator(
    task: AbstractPanelTask, config: PanelConfig, folder: Path | None, progress: ProgressFunction
) -> Any:
    """The estimator of a task with the settings of a run."""
    settings: dict[str, Any] = {"random_state": config.seed, "checkpoint_dir": folder, "progress": progress}
    if config.steps is not None:
        settings["max_iter"] = config.steps
    settings |= {SIZES[name]: size for name, size in config.sizes().items()}
    return task.estimator(f"{config.model}", **settings)


def _check_sizes(config: PanelConfig, known: frozenset[str]) -> None:
    """Refuse sizes that the model has not."""
    for name, size in config.sizes().items():
        if name not in known:
            has = " and ".join(f"--{each}" for each in SIZES if each in known)
            raise DataError(
                f"--{name} {size} cannot be combined with --model {config.model}, which has "
                f"{f'only {has}' if has else 'no sizes to choose'}."
            )


def other_home(model: str | None) -> str:
    """A sentence that says what a model is for, if there is one of that name."""
    homes = {
        "--task generate": GENERATORS,
        "--target with --series and --time": SERIES_MODELS,
        "--target without --series and --time": ROW_MODELS,
        "forecasts and --impute, without --target": LATENT_MODELS,
        "one table, with --state": {**MODELS, **SDE_MODELS},
    }
    found = [home for home, models in homes.items() if model in models]
    return f" The model {model} is for {found[0]}." if found else ""


def _refusal(name: str, value: Any, flag: str, config: PanelConfig) -> str:
    if config.of_rows:
        return f"--{name} is only for many series (--series, --time); without these each row is a sample."
    if name == "static":
        return _without_target(name)
    if name in {"impute", "target"}:
        option = "--impute" if name == "impute" else f"--target {value}"
        return f"Got both {flag} and {option}; use only one: each is a different task."
    return f"--{name} {value} cannot be combined with {flag or 'a forecast'}."


def _without_target(name: str) -> str:
    return (
        f"--{name} needs --target, the column with the class or number of each series. To forecast, generate or "
        f"--impute series, leave --{name} out."
    )


def query_file(folder: Path, query: Query, name: str, *, times: bool = False) -> Path:
    """The file of a query.

    Args:
        folder: The folder of the run.
        query: What is asked for.
        name: What the run is, in words.
        times: Whether times go with it.

    Raises:
        DataError: If there is no file, or an option does not go with such a run.
    """
    if query.model is not None:
        raise DataError("--model is only for a run on one table; this run predicts for a file of many series.")
    if query.file is None:
        raise DataError(f"This run predicts for a file: `nde predict {folder} FILE`.")
    if not times and (query.times is not None or query.horizon is not None):
        option = "--times" if query.times is not None else "--horizon"
        raise DataError(
            f"{option} is only for a run on one table, or one that forecasts many series; this run is {name}."
        )
    return query.file


def read_like(metrics: dict[str, Any], file: Path, reading: ReadOptions) -> PanelFile:
    """Read a file of the columns that a run was fitted to; the target may be missing.

    Args:
        metrics: The content of `metrics.json` of the run.
        file: The file.
        reading: How to read it, where it differs from the file of the run.

    Raises:
        DataError: If the file has not the columns that the model was fitted to.
    """
    data = metrics["data"]
    options, target = reading.or_else(ReadOptions(**data.get("reading", {}))), data["target"]
    classes = [name for name in metrics.get("classes", ()) if isinstance(name, str)]
    categories = {**data.get("categories", {}), **({} if target is None else {target: classes})}
    labels = _labels(file, target, options)
    if not data["time"]:
        columns = columns_of_rows(data["channels"], data["categories"])
        return read_rows(file, columns, labels=labels, options=options, categories=categories)
    source = read_panel(
        file,
        data["series"],
        data["time"],
        data["channels"],
        data["static"],
        labels=labels,
        options=options,
        categories=categories,
    )
    if (source.panel.clock.unit is not None) != data["dates"]:
        kind = "dates" if data["dates"] else "numbers"
        raise DataError(
            f"Column '{data['time']}' of {file} must contain {kind}, as in the data that the model was fitted to."
        )
    return source


def _labels(file: Path, target: str | None, options: ReadOptions) -> list[str]:
    """The target, if the file has it."""
    from nde.data.frames import read_frame  # noqa: PLC0415 (takes long to import)

    return [target] if target is not None and target in read_frame(file, options).frame.columns else []


@dataclasses.dataclass(frozen=True, eq=False)
class AbstractPanelResult(Result):
    """A fitted model of many series, and its scores.

    Attributes:
        task: The task.
        config: The options.
        data: What the model was fitted to and is tested with.
        fitted: The estimator.
        scores: The scores of the model, for each part of the data.
        baselines: The scores on the test part of predictions that need no model.
    """

    task: AbstractPanelTask
    config: PanelConfig
    data: PanelData
    fitted: FittedEstimator
    scores: Scores
    baselines: Scores

    @property
    def estimator(self) -> Any:
        """The fitted estimator."""
        return self.fitted.estimator

    @property
    def train(self) -> TimeSeries:
        """The series that the model was fitted to."""
        return self.data.split.train

    @property
    def steps_made(self) -> int:
        """Training steps made; zero for an estimator that is not trained step by step."""
        history = getattr(self.estimator, "history_", None)
        return 0 if history is None else len(history.step)

    @property
    def heads(self) -> list[str]:
        """The names of the columns of series, if there is one, and times."""
        return heads_of(self.config.series, self.config.time)

    def save(self, folder: Path) -> None:
        """Save the estimator."""
        self.estimator.save(folder / MODEL)

    def common_metrics(self) -> dict[str, Any]:
        """What `metrics.json` of all tasks holds."""
        config, train = self.config, self.train
        parts = self.data.split.parts()
        return {
            **self.scores,
            "baselines": dict(self.baselines),
            "sizes": {name: self.sizes_of(part) for name, part in parts.items()},
            "data": {
                "source": config.file,
                "series": config.series,
                "time": config.time,
                "dates": train.clock.unit is not None,
                "channels": list(train.channels),
                "static": list(config.static),
                "categories": {name: list(words) for name, words in self.data.categories.items()},
                "reading": self.data.reading.given(),
                "target": config.target,
                "remarks": list(self.data.remarks),
            },
            "settings": {**dataclasses.asdict(config), "steps_made": self.steps_made},
            "seconds": round(self.fitted.seconds, 2),
        }

    def sizes_of(self, part: TimeSeries) -> dict[str, int]:
        """How large a part is."""
        return ({} if self.config.of_rows else {"series": len(part)}) | {"rows": len(part.ts)}

    def learning_curve(self) -> Figure:
        """The plot of the loss."""
        history = self.estimator.history_
        step, loss, validation = (np.asarray(each, float) for each in (history.step, history.loss, history.validation))
        return plot_learning(step.astype(np.int64), loss, validation)

    def score_grid(self, labels: Mapping[str, str]) -> Grid:
        """A table of scores: of the model on each part, and of the baselines on the test part.

        Args:
            labels: The heads of the columns, by the names of scores.
        """
        rows = {f"{self.config.model}, {part}": scores for part, scores in reversed(list(self.scores.items()))}
        rows |= {f"{name}, test": scores for name, scores in self.baselines.items()}
        cells = [[row, *(number(scores.get(name), 4) for name in labels)] for row, scores in rows.items()]
        return Grid(["", *labels.values()], cells, best=f"{self.config.model}, test")

    def channel_title(self) -> str:
        """The first channels, for a title."""
        channels = self.train.channels
        return ", ".join(channels[:3]) + (", …" if len(channels) > 3 else "")

    def training_section(self, note: str) -> Section:
        """The section of the report about the training."""
        return Section("Training", [Picture(LEARNING, "loss at each training step"), Paragraph(note, faint=True)])

    def data_section(self) -> Section:
        """The section of the report about the data."""
        sizes = {name: self.sizes_of(part) for name, part in self.data.split.parts().items()}
        rows = [[name, *(f"{count}" for count in own.values())] for name, own in sizes.items()]
        blocks: list[Block] = [Grid(["part", *sizes["train"]], rows)]
        features = "Features" if self.config.of_rows else "Channels"
        blocks.append(Paragraph(f"{features}: {', '.join(self.train.channels)}."))
        if self.train.static_names:
            blocks.append(Paragraph(f"Static features: {', '.join(self.train.static_names)}."))
        remarks = list(self.data.remarks)
        blocks.append(Bullets(remarks) if remarks else Paragraph("No problems were found."))
        return Section("Data", blocks)

    def program(self, folder: Path, *lines: str, reads: bool = True) -> str:
        """A Python program that loads the estimator, and reads the file of the run.

        Args:
            folder: The folder of the run.
            lines: What it does with `model` and `panel`.
            reads: Whether it reads the file.
        """
        config, imports = self.config, ["from nde.estimators import load_estimator"]
        load = [f"model = load_estimator({str(folder / MODEL)!r})"]
        if reads:
            reading = config.reading.given()
            read = "read_rows" if config.of_rows else "read_panel"
            imports = [f"from nde.data import {'ReadOptions, ' if reading else ''}{read}", *imports]
            columns = self._columns()
            arguments = [f"    {name}={value!r}," for name, value in columns.items()]
            given = ", ".join(f"{name}={value!r}" for name, value in reading.items())
            arguments += [f"    options=ReadOptions({given}),"] if reading else []
            load += [f"panel = {read}(", f"    {config.file!r},", *arguments, ").panel"]
        return "\n".join([*imports, "", *load, *lines])

    def _columns(self) -> dict[str, Any]:
        """Arguments of the function that reads the file."""
        config, channels = self.config, list(self.train.channels)
        if config.of_rows:
            return {"columns": columns_of_rows(channels, self.data.categories)}
        columns: dict[str, Any] = {"series": config.series, "time": config.time, "channels": channels}
        return columns | ({"static": list(config.static)} if config.static else {})

    def footer(self) -> str:
        """By which versions, from which seed, and how fast."""
        config, steps = self.config, self.steps_made
        work = f", {pluralize(steps, 'training step')}" if steps else ""
        return (
            f"{versions('nde', 'jax', 'equinox', 'optax')}; {config.model}, seed {config.seed}{work} "
            f"in {self.fitted.seconds:.0f} s."
        )
