"""The options of a run with many series, or with rows without times."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nde.cli.files import column_name, column_names
from nde.cli.seeds import check_seed
from nde.data import DataError, PanelFile, ReadOptions, read_panel, read_rows

FILE = "job.json"
"""Where in the folder of a run they are."""
_LEAST_WINDOW = 4
SIZES = {"hidden": "hidden_size", "width": "width", "depth": "depth"}
"""The options for the sizes of a model, and what estimators call them."""


@dataclasses.dataclass(frozen=True)
class PanelConfig:
    """The options of a run with many series, or rows without times, kept in its folder so that it can be resumed.

    Attributes:
        file: The series.
        series: The column that names the series of a row; none if the file is one series.
        time: The column of times; empty if each row is a sample of its own.
        target: The column to predict; none if the series themselves are.
        impute: Whether to fill gaps.
        task: The name of the task, if it was given.
        model: The name of the model.
        split: The column that says which part each series is in; without one the split is random.
        drop: The share of observations to drop.
        channels: The columns of measurements; empty for all that are left.
        static: The columns of static features.
        window: How many rows a series to generate may have; longer ones are cut. Of a series to forecast, how many of
            the last rows are used.
        hidden: The size of the state of a model, if not the usual one.
        width: The width of its networks.
        depth: The number of their hidden layers.
        seed: The seed of weights, batches and splits.
        steps: How many training steps; if none, as many as suit the model.
        reading: How to read the file, if it shall not be guessed.
    """

    file: str
    series: str | None
    time: str
    target: str | None = None
    impute: bool = False
    task: str | None = None
    model: str | None = None
    split: str | None = None
    drop: float = 0.0
    channels: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    window: int | None = None
    hidden: int | None = None
    width: int | None = None
    depth: int | None = None
    seed: int = 0
    steps: int | None = None
    reading: ReadOptions = dataclasses.field(default_factory=ReadOptions)

    def __post_init__(self) -> None:
        check_seed(self.seed)
        if not 0 <= self.drop < 1:
            raise DataError(f"--drop must be at least 0 and less than 1; got {self.drop:g}.")
        if self.window is not None and self.window < _LEAST_WINDOW:
            raise DataError(f"--window must be at least {_LEAST_WINDOW} rows; got {self.window}.")

    @property
    def of_rows(self) -> bool:
        """Whether each row is a sample of its own."""
        return not self.time

    @property
    def sample(self) -> str:
        """What a sample is called."""
        return "row" if self.of_rows else "series"

    def sizes(self) -> dict[str, int]:
        """The sizes of the model that were given, by their options."""
        return {name: size for name in SIZES if (size := getattr(self, name)) is not None}

    @classmethod
    def from_options(cls, file: Path, options: Mapping[str, Any]) -> "PanelConfig":
        """The options of a command.

        Raises:
            DataError: If a number is out of its range.
        """
        fields = {"series": None, "time": "", **_fields(options)}
        return cls(file=f"{file}", **fields, reading=ReadOptions.from_options(options))

    @classmethod
    def from_run(cls, folder: Path, file: Path | None, options: Mapping[str, Any]) -> "PanelConfig":
        """The options of a run that was stopped.

        Args:
            folder: The folder of the run.
            file: The series, if they are elsewhere now.
            options: Options of the command; they may only repeat those of the run.

        Raises:
            DataError: If there is no such run, its data have changed, or an option has.
        """
        saved = _read(folder)
        digest, reading = saved.pop("digest"), ReadOptions(**saved.pop("reading", {}))
        fields: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in saved.items()}
        config = cls(**fields, reading=reading)
        for name, value in {**_fields(options), **ReadOptions.from_options(options).given()}.items():
            has = getattr(reading if hasattr(reading, name) else config, name)
            if has != value:
                option = name.replace("_", "-")
                raise DataError(f"--{option} cannot change when a run is resumed; this run has {has}.")
        if file is not None:
            config = dataclasses.replace(config, file=f"{file}")
        if not Path(config.file).is_file() or config.digest() != digest:
            raise DataError(
                f"{config.file} is missing or has changed since the run {folder} began; give the original file."
            )
        return config

    def write(self, folder: Path) -> None:
        """Write the options into the folder of a run."""
        content = {**dataclasses.asdict(self), "file": f"{Path(self.file).absolute()}", "digest": self.digest()}
        (folder / FILE).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

    def digest(self) -> str:
        """A hash of the file, which tells whether it has changed."""
        with Path(self.file).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def read(self) -> PanelFile:
        """Read the file.

        Raises:
            DataError: If it cannot be read, or is not what the options say.
        """
        labels = [] if self.split is None else [self.split]
        channels, static = list(self.channels) or None, list(self.static)
        if self.of_rows:
            return read_rows(self.file, channels, self.target, labels=labels, options=self.reading)
        return read_panel(
            self.file,
            self.series,
            self.time,
            channels,
            static,
            self.target,
            labels=labels,
            options=self.reading,
        )


def file_of_run(folder: Path) -> Path:
    """The file that a finished run was fitted to.

    Raises:
        DataError: If it is missing or has changed.
    """
    saved = json.loads((folder / FILE).read_text(encoding="utf-8"))
    path = Path(saved["file"])
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != saved["digest"]:
        raise DataError(
            f"{path} is missing or has changed since the run {folder}; name a file: `nde predict {folder} FILE`."
        )
    return path


def _fields(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were given, as fields; without those about reading."""
    reading = {field.name for field in dataclasses.fields(ReadOptions)}
    given = {name: value for name, value in options.items() if value is not None and name not in reading}
    for name in ("channels", "static"):
        if name in given:
            given[name] = tuple(column_names(given[name]))
    for name in ("series", "time", "target", "split"):
        if name in given:
            given[name] = column_name(given[name])
    return {name: value.strip() if isinstance(value, str) else value for name, value in given.items()}


def _read(folder: Path) -> dict[str, Any]:
    """The content of the file in the folder of a run that is not finished."""
    if not (folder / FILE).is_file():
        raise DataError(f"There is no run on many series to resume in {folder}: {FILE} is missing.")
    if (folder / "metrics.json").exists():
        raise DataError(
            f"The run {folder} is finished; there is nothing to resume. "
            f"To predict with it: `nde predict {folder} FILE`."
        )
    try:
        saved = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except ValueError:
        saved = None
    # A run of an earlier version lacks the options that came later.
    fields = {field.name for field in dataclasses.fields(PanelConfig)} | {"digest"}
    if not isinstance(saved, dict) or not fields - {"reading", *SIZES} <= saved.keys() <= fields:
        raise DataError(f"{folder / FILE} is damaged; fit again.")
    return saved
