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
        str | None,
        typer.Option("--times", metavar="TIMES", help="Times, with commas, of a table or forecasts."),
    ] = None,
    horizon: Annotated[
        int | None,
        typer.Option("--horizon", metavar="N", min=1, help="Many series: forecast N steps of their usual spacing."),
    ] = None,
    model: Annotated[str | None, typer.Option("--model", metavar="MODEL", help="If the run has several.")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.csv", help="Write a file, not the screen.")] = None,
) -> None:
    """Predict by the model of a run: a table at times; of many series each one, its future, or its gaps; writes CSV."""
    from nde.cli.panel.predict import is_run, predicted  # noqa: PLC0415 (takes long to import)
    from nde.cli.predictions import check_new_file, check_run, predictions, write_new  # noqa: PLC0415

    if out is not None:
        check_new_file(out)
    if is_run(folder):
        refuse({"model": model}, "is for a run of one table; this run wants a file of series.")
        text = predicted(folder, file, times, horizon)
    else:
        check_run(folder)
        refuse({"horizon": horizon}, "is for a run of many series; this one of one table wants --times.")
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
