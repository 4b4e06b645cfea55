"""Many series, from a file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nde.cli.folder import check_new


def fit(file: Path, out: Path | None, options: Mapping[str, Any]) -> None:
    """Fits a model to many series.

    Args:
        file: The series.
        out: Where to write.
        options: By name.

    Raises:
        DataError: If the options or data make no sense; then nothing was written.
    """
    from nde.cli.panel.job import Job  # noqa: PLC0415 (takes long to import)
    from nde.cli.panel.run import run  # noqa: PLC0415

    folder = out if out is not None else Path("runs", file.name.split(".")[0])
    check_new(folder)
    run(Job.of(file, options), folder)


def resume(folder: Path, file: Path | None, options: Mapping[str, Any]) -> None:
    """Goes on with a run that was stopped.

    Args:
        folder: Of the run.
        file: The series, if they lie elsewhere now.
        options: By name; they may only repeat what the run has.

    Raises:
        DataError: If there is no such run, or it cannot go on.
    """
    from nde.cli.panel.job import Job  # noqa: PLC0415 (takes long to import)
    from nde.cli.panel.run import go_on  # noqa: PLC0415

    go_on(Job.of_run(folder, file, options), folder)
