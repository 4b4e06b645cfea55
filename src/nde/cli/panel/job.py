"""What to fit to many series."""

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nde.cli.commands.options import columns_of
from nde.cli.panel.names import CLASSES, COURSE_MODELS, FORECAST, GENERATE, GENERATORS, IMPUTE, MODELS, NUMBERS
from nde.data import DataError

_FILE = "job.json"
_LEAST_WINDOW = 4


@dataclasses.dataclass(frozen=True)
class Job:
    """What to fit to many series; a run keeps it, so that it can go on.

    Attributes:
        file: The series.
        series: The column that tells them apart.
        time: The column of times.
        target: The column to be predicted; none if the series themselves are.
        impute: Whether gaps are to be filled, not the series to be forecast.
        task: What the target is; if it is not said, the target tells. Or that series like these are to be generated.
        model: The name of the model.
        split: The column that says what each series is for; without, that is drawn.
        drop: The share of observations to drop.
        channels: The columns of measurements; empty for all that are left.
        static: The columns of features.
        window: How many rows a series may have whose kind is to be generated; longer ones are cut.
        seed: Of all that is random.
        steps: Of descent; if it is not said, those of the model.
    """

    file: str
    series: str
    time: str
    target: str | None = None
    impute: bool = False
    task: str | None = None
    model: str = MODELS[0]
    split: str | None = None
    drop: float = 0.0
    channels: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    window: int | None = None
    seed: int = 0
    steps: int | None = None

    def __post_init__(self) -> None:
        _check_task(self)
        _check_model(self.model, _models(self.target, self.task), self.target)
        if self.target is None:
            _check_course(self)
        if self.seed < 0:
            raise DataError(f"Got --seed {self.seed}; a number that is not negative is wanted.")
        if not 0 <= self.drop < 1:
            raise DataError(f"Got --drop {self.drop:g}; a share of at least 0 and less than 1 is wanted, such as 0.3.")

    @property
    def course(self) -> str:
        """What is done to the series themselves, if they have no target."""
        return self.task or (IMPUTE if self.impute else FORECAST)

    @classmethod
    def of(cls, file: Path, options: Mapping[str, Any]) -> "Job":
        """The job of a command.

        Raises:
            DataError: If an option makes no sense.
        """
        fields = _fields(options)
        fields.setdefault("model", next(iter(_models(fields.get("target"), fields.get("task")))))
        return cls(file=f"{file}", **fields)

    @classmethod
    def of_run(cls, folder: Path, file: Path | None, options: Mapping[str, Any]) -> "Job":
        """The job of a run that was stopped, for which nothing else may have been asked.

        Raises:
            DataError: If there is no such run, its data are not what they were, or something else was asked.
        """
        told = _told(folder)
        digest = told.pop("digest")
        fields: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in told.items()}
        job = cls(**fields)
        for name, value in _fields(options).items():
            if getattr(job, name) != value:
                raise DataError(
                    f"Got --{name}, but this run has another; it goes on as it began: {getattr(job, name)}."
                )
        if file is not None:
            job = dataclasses.replace(job, file=f"{file}")
        if not Path(job.file).is_file() or job.digest() != digest:
            raise DataError(f"{job.file} is not there, or not as the run {folder} had it; name the file that it had.")
        return job

    def write(self, folder: Path) -> None:
        """Writes the job of a run into its folder."""
        told = {**dataclasses.asdict(self), "file": f"{Path(self.file).absolute()}", "digest": self.digest()}
        (folder / _FILE).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")

    def digest(self) -> str:
        """What tells whether the file is still the same."""
        with Path(self.file).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def _models(target: str | None, task: str | None) -> Iterable[str]:
    """Those that do a task; the first is the default."""
    if task == GENERATE:
        return GENERATORS
    return COURSE_MODELS if target is None else MODELS


def _check_model(model: str, known: Iterable[str], target: str | None) -> None:
    if model not in known:
        which = "without a --target" if target is None else "with a --target"
        raise DataError(f"There is no model '{model}' of many series {which}; there are {', '.join(known)}.")


def _check_task(job: Job) -> None:
    """Refuses tasks that are not known, and two at once."""
    if job.task not in (None, CLASSES, NUMBERS, GENERATE):
        raise DataError(f"Got --task {job.task}; {CLASSES}, {NUMBERS} or {GENERATE} is wanted.")
    asked = {
        f"--task {GENERATE}": job.task == GENERATE,
        "--impute": job.impute,
        f"--target {job.target}": job.target is not None,
    }
    given = [name for name, value in asked.items() if value]
    if len(given) > 1:
        raise DataError(f"Got {' and '.join(given)}; one of them is wanted: new series, gaps or targets.")
    if job.window is not None and (job.task != GENERATE or job.window < _LEAST_WINDOW):
        raise DataError(
            f"Got --window {job.window}; it goes with --task {GENERATE}, and at least {_LEAST_WINDOW} rows are wanted."
        )


def _check_course(job: Job) -> None:
    """Refuses what goes with a target only."""
    task = None if job.task == GENERATE else job.task
    for name, value in (("task", task), ("static", job.static)):
        if value:
            raise DataError(
                f"Got --{name} and no --target, the column of the class or number of each series; to forecast the "
                f"series, generate new ones, or --impute their gaps, leave --{name} out."
            )


def _fields(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were given, as fields of a job."""
    given = {name: value for name, value in options.items() if value is not None}
    for name in ("channels", "static"):
        if name in given:
            given[name] = tuple(columns_of(given[name]))
    return {name: value.strip() if isinstance(value, str) else value for name, value in given.items()}


def _told(folder: Path) -> dict[str, Any]:
    if not (folder / _FILE).is_file():
        raise DataError(f"There is no run of many series in {folder} that could go on: {_FILE} is wanted.")
    if (folder / "metrics.json").exists():
        raise DataError(
            f"The run {folder} is finished; nothing is left to do. `nde predict {folder} FILE` predicts by it."
        )
    try:
        told = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    except ValueError:
        told = None
    known = {field.name for field in dataclasses.fields(Job)} | {"digest"}
    if not isinstance(told, dict) or set(told) != known:
        raise DataError(f"{folder / _FILE} is damaged; fit again.")
    return told
