"""Options that commands share."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from nde.data import DataError

Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Folder for the run; it must not exist yet.")]
Seed = Annotated[int | None, typer.Option("--seed", help="Seed of all that is random; by default 0.")]
Steps = Annotated[
    int | None,
    typer.Option(
        "--steps",
        min=1,
        help="Steps of descent; by default 2000 for one table, with noise at most 500, or the model's.",
    ),
]

STEPS, STEPS_WITH_NOISE = 2000, 500
NOISE = "sde"
"""All models with noise that suit the data."""


def columns_of(option: str | None) -> list[str]:
    """Names with commas between them."""
    return [] if option is None else [name.strip() for name in option.split(",") if name.strip()]


def refuse(given: Mapping[str, object], why: str) -> None:
    """Refuses options that do not belong here.

    Args:
        given: Each option and its value; none if it was not given.
        why: What they are for.

    Raises:
        DataError: If one was given.
    """
    for option, value in given.items():
        if value is not None:
            raise DataError(f"Got --{option}, which {why}")


def check_given(**given: object) -> None:
    """Refuses a command without what it cannot do without.

    Raises:
        DataError: If something was not given.
    """
    for name, value in given.items():
        if value is None and name == "series":
            raise DataError(
                "Got neither --state, the quantities of one table, nor --series, the column that tells many series "
                "apart; one of both is wanted."
            )
        if value is None:
            raise DataError(f"Got no --{name}, which is wanted; `nde fit --help` tells more.")


def given_file(file: Path | None) -> Path:
    """The file.

    Raises:
        DataError: If none was given.
    """
    if file is None:
        raise DataError("Got no FILE of measurements, which is wanted; `nde fit --help` tells more.")
    return file


def new_folder_name(folder: Path) -> Path:
    """The folder, with a number behind its name if there is one already."""
    number, new = 1, folder
    while new.exists():
        number += 1
        new = folder.with_name(f"{folder.name}-{number}")
    return new
