"""`nde fit`, `nde demo`, `nde predict`."""

import sys
from pathlib import Path
from typing import Annotated, NoReturn, cast, get_args

import typer

from nde.data import DataError
from nde.models import MODELS, SDE_MODELS
from nde.models.scaling import Transform

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Folder for the run; it must not exist yet.")]
Seed = Annotated[int, typer.Option("--seed", help="Seed of random weights.")]
Steps = Annotated[
    int | None,
    typer.Option("--steps", min=1, help="Steps of descent for each model; by default 2000, with noise at most 500."),
]

_STEPS, _STEPS_WITH_NOISE = 2000, 500
_NOISE = "sde"
"""All models with noise that suit the data."""
_STOPPED = 130
"""Exit status of a command that was interrupted."""


@app.command()
def fit(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Measurements, with a header.")],
    time: Annotated[str, typer.Option("--time", metavar="COLUMN", help="Column of times.")],
    state: Annotated[str, typer.Option("--state", metavar="COLUMNS", help="Columns of quantities, with commas.")],
    model: Annotated[
        str, typer.Option("--model", metavar="MODEL", help=" | ".join((*MODELS, _NOISE, *SDE_MODELS)))
    ] = "neural-ode",
    series: Annotated[
        str | None, typer.Option("--series", metavar="COLUMN", help="Column that names series; with noise only.")
    ] = None,
    transform: Annotated[
        str | None, typer.Option("--transform", metavar="HOW", help="none | root | log; with noise only.")
    ] = None,
    holdout: Annotated[int, typer.Option("--holdout", metavar="N", help="Last rows to forecast, not to fit.")] = 0,
    out: Out = None,
    seed: Seed = 0,
    steps: Steps = None,
) -> None:
    """Fit a differential equation to a table of measurements, forecast, and write a report."""
    from nde.data import read_csv, read_series  # noqa: PLC0415 (takes long to import)

    noisy = _known(model)
    if not noisy and (series is not None or transform is not None):
        option = "--transform" if series is None else "--series"
        raise DataError(f"Got {option} for the model {model}; it is for models with noise, such as --model {_NOISE}.")
    columns = [name.strip() for name in state.split(",") if name.strip()]
    folder = out if out is not None else Path("runs", file.stem)
    if noisy:
        from nde.cli import noise  # noqa: PLC0415

        if series is None:
            tables = {"": read_csv(file, time.strip(), columns)}
        else:
            tables = read_series(file, time.strip(), columns, series.strip())
        most = steps or _STEPS_WITH_NOISE
        noise.run(noise.Job(tables, model, _transform(transform), holdout, folder, f"{file}", seed, most))
    else:
        from nde.cli.run import Job, run  # noqa: PLC0415

        table = read_csv(file, time.strip(), columns)
        run(Job(table, (model,), holdout, folder, f"{file}", seed, steps or _STEPS))


@app.command()
def demo(
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="MODEL", help=f"{_NOISE}: equations with noise; by default without."),
    ] = None,
    out: Out = None,
    seed: Seed = 0,
    steps: Steps = None,
) -> None:
    """Fit lynx and hare, 1900 to 1915, and forecast 1916 to 1920; or, with noise, simulated series and the sunspots."""
    if model == _NOISE:
        from nde.cli.noise.demo import demo as noisy  # noqa: PLC0415

        noisy(out if out is not None else _new(Path("runs", _NOISE)), seed, steps or _STEPS_WITH_NOISE)
    elif model is not None:
        raise DataError(f"There is no demo of the model '{model}'; there is --model {_NOISE}, and one without --model.")
    else:
        from nde.cli.run import Job, run  # noqa: PLC0415
        from nde.data import LYNX_HARE_SOURCE, load_lynx_hare  # noqa: PLC0415

        folder = out if out is not None else _new(Path("runs", "lynx-hare"))
        run(Job(load_lynx_hare(), tuple(MODELS), 5, folder, LYNX_HARE_SOURCE, seed, steps or _STEPS))


@app.command()
def predict(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")],
    times: Annotated[str, typer.Option("--times", metavar="TIMES", help="Times, with commas.")],
    model: Annotated[str | None, typer.Option("--model", metavar="MODEL", help="If the run has several.")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.csv", help="Write a file, not the screen.")] = None,
) -> None:
    """Predict by the model of a run; writes CSV."""
    from nde.cli.predictions import predictions, write_new  # noqa: PLC0415

    text = predictions(folder, times, model)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_new(out, text)


def main() -> None:
    """Runs the command line; bad input ends with one line and exit status 2."""
    try:
        status = app(standalone_mode=False)
    except (typer.Abort, KeyboardInterrupt):
        status = _STOPPED
    except DataError as error:
        _fail(str(error))
    except Exception as error:
        if not _is_usage(error):
            raise
        _fail(error.format_message())  # pyright: ignore[reportAttributeAccessIssue]
    if status == _STOPPED:
        _fail("Stopped; nothing was written.", _STOPPED)
    sys.exit(status if isinstance(status, int) else 0)


def _known(model: str) -> bool:
    """Whether a model is one with noise.

    Raises:
        DataError: If there is no such model.
    """
    if model not in (*MODELS, _NOISE, *SDE_MODELS):
        names = ", ".join((*MODELS, _NOISE, *SDE_MODELS))
        raise DataError(f"There is no model '{model}'; there are {names}.")
    return model == _NOISE or model in SDE_MODELS


def _transform(name: str | None) -> Transform:
    """What equations with noise are for.

    Raises:
        DataError: If there is no such transformation.
    """
    if name not in (None, *get_args(Transform)):
        raise DataError(f"Got --transform {name}; one of {', '.join(get_args(Transform))} is wanted.")
    return cast("Transform", name or "none")


def _is_usage(error: Exception) -> bool:
    """Whether the command was misspelt."""
    return hasattr(error, "format_message") and hasattr(error, "exit_code")


def _fail(message: str, status: int = 2) -> NoReturn:
    typer.echo(f"nde: {' '.join(message.split())}", err=True)
    sys.exit(status)


def _new(folder: Path) -> Path:
    """The folder, with a number behind its name if there is one already."""
    number, new = 1, folder
    while new.exists():
        number += 1
        new = folder.with_name(f"{folder.name}-{number}")
    return new


if __name__ == "__main__":
    main()
