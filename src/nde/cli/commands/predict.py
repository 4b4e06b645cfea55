"""`nde predict` and `nde sample`."""

from pathlib import Path
from typing import Annotated

import typer

from nde.cli.commands.options import OutFile, Seed, write_or_print
from nde.cli.commands.reading import with_reading
from nde.cli.files import check_new
from nde.data import DataError, ReadOptions


@with_reading
def predict(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")],
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="Many series: a file of the same columns.", show_default=False),
    ] = None,
    times: Annotated[
        str | None,
        typer.Option("--times", metavar="TIMES", help="Times, separated by commas, of a table or of forecasts."),
    ] = None,
    horizon: Annotated[
        int | None,
        typer.Option("--horizon", metavar="N", min=1, help="Forecasts: N rows at the usual spacing."),
    ] = None,
    model: Annotated[str | None, typer.Option("--model", metavar="MODEL", help="If the run has several.")] = None,
    *,
    reading: ReadOptions,
    out: OutFile = None,
) -> None:
    """Predict with a fitted model.

    Predicts a table at given times, or, for many series, the target, the future or the missing values of each. Writes
    CSV. FILE is read in the same way as that of the run, unless options say otherwise.
    """
    from nde.cli import run  # noqa: PLC0415 (takes long to import)
    from nde.cli.task import Query  # noqa: PLC0415 (takes long to import)

    if out is not None:
        check_new(out)
    useless = [name for name in reading.given() if times is None or name != "date_format"]
    if file is None and useless:
        option = useless[0].replace("_", "-")
        raise DataError(f"--{option} says how to read FILE, and none was given.")
    predictions = run.predict(folder, Query(file, times, horizon, model, reading))
    for remark in predictions.remarks:
        typer.echo(f"nde: {remark}", err=True)
    write_or_print(predictions.text, out)


def sample(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="RUN", help="Folder of a run of `nde fit --task generate`, or of a saved `FlowDensity`."
        ),
    ],
    n: Annotated[int, typer.Option("--n", metavar="N", min=1, help="How many series or points.")] = 100,
    times: Annotated[
        str | None,
        typer.Option(
            "--times",
            metavar="TIMES",
            help="Times, counted from the first, separated by commas; by default those of the data.",
        ),
    ] = None,
    hypersolver: Annotated[
        int | None,
        typer.Option(
            "--hypersolver",
            metavar="STEPS",
            min=1,
            help="Densities: sample by a hypersolver of so many steps, such as 2; fitted at the first call.",
        ),
    ] = None,
    seed: Seed = None,
    out: OutFile = None,
) -> None:
    """Generate new series, or points of a density, with a fitted model; writes CSV."""
    from nde.cli import run  # noqa: PLC0415 (takes long to import)

    if out is not None:
        check_new(out)
    write_or_print(run.sample(folder, n, times, seed or 0, hypersolver), out)
