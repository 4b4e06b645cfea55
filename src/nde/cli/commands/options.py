"""Options that commands share."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from nde.cli.seeds import check_seed
from nde.data import DataError

Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Folder for the run; it must not exist yet.")]
OutFile = Annotated[
    Path | None, typer.Option("--out", metavar="FILE.csv", help="File to write; by default the screen.")
]
Seed = Annotated[
    int | None, typer.Option("--seed", callback=check_seed, help="Seed of all random numbers; by default 0.")
]
Steps = Annotated[
    int | None,
    typer.Option(
        "--steps",
        min=1,
        help="Training steps; by default 2000 for one table, for SDEs at most 500, or as many as suit the model.",
    ),
]


def refuse(options: Mapping[str, Any], names: frozenset[str], why: str) -> None:
    """Refuse options that do not belong here.

    Args:
        options: The options by name; `None` if they were not given.
        names: Those to refuse.
        why: What they are for.

    Raises:
        DataError: If one was given.
    """
    for name, value in options.items():
        if name in names and value is not None:
            raise DataError(f"Got --{name}, which {why}")


def check_given(options: Mapping[str, Any], name: str) -> None:
    """Refuse a command without an option that it needs.

    Raises:
        DataError: If it was not given.
    """
    if options[name] is None:
        raise DataError(f"--{name} is missing. See `nde fit --help`.")


def write_or_print(text: str, out: Path | None) -> None:
    """Write a text into a new file, or print it if there is none.

    Raises:
        DataError: If the file exists or cannot be written.
    """
    from nde.cli.files import write_new_file  # noqa: PLC0415 (needed for this only)

    if out is None:
        typer.echo(text, nl=False)
    else:
        write_new_file(out, text)
