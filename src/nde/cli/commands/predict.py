"""`nde predict`."""

from pathlib import Path
from typing import Annotated

import typer

from nde.cli.commands.options import refuse
from nde.data import DataError


def predict(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")],
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="Many series: a file of the same columns.", show_default=False),
    ] = None,
    times: Annotated[
        str | None, typer.Option("--times", metavar="TIMES", help="One table: times, with commas.")
    ] = None,
    model: Annotated[str | None, typer.Option("--model", metavar="MODEL", help="If the run has several.")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.csv", help="Write a file, not the screen.")] = None,
) -> None:
    """Predict by the model of a run: one table at times, or each of many series; writes CSV."""
    from nde.cli.panel.predict import is_run, predicted  # noqa: PLC0415 (takes long to import)
    from nde.cli.predictions import check_new_file, check_run, predictions, write_new  # noqa: PLC0415

    if out is not None:
        check_new_file(out)
    if is_run(folder):
        refuse({"times": times, "model": model}, "is for a run of one table; this run wants a file of series.")
        text = predicted(folder, file)
    else:
        check_run(folder)
        text = predictions(folder, _times_of(file, times), model)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_new(out, text)


def _times_of(file: Path | None, times: str | None) -> str:
    """The times, which a run of one table wants, and no file.

    Raises:
        DataError: If it is otherwise.
    """
    if file is not None or times is None:
        got = f"the file {file}" if file is not None else "no --times"
        raise DataError(f"Got {got} for a run of one table; --times is wanted, such as --times 1921,1922.5.")
    return times
