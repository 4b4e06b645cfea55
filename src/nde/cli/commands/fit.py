"""`nde fit`: one table, or many series."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from nde.cli.commands.options import (
    Out,
    Seed,
    Steps,
    check_given,
    refuse,
)
from nde.cli.commands.reading import with_reading
from nde.data import DataError, ReadOptions
from nde.models.registry import GENERATORS, LATENT_MODELS, MODELS, ROW_MODELS, SDE_MODELS, SERIES_MODELS, current_name

_MODELS = (
    f"One table: {' | '.join(('forecast', *MODELS, 'sde', *SDE_MODELS))}. Many series, with a target: "
    f"{' | '.join(SERIES_MODELS)}; without: {' | '.join(LATENT_MODELS)}; to generate: {' | '.join(GENERATORS)}. "
    f"Rows without times, with a target: {' | '.join(ROW_MODELS)}."
)

_NAMES = """separated by commas (a name with a comma in double quotes, as in '"a,b",c')"""


@with_reading
def fit(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="Measurements with a header: CSV and the like, .xlsx or Parquet."),
    ] = None,
    time: Annotated[str | None, typer.Option("--time", metavar="COLUMN", help="Column of times.")] = None,
    series: Annotated[
        str | None, typer.Option("--series", metavar="COLUMN", help="Column that names the series of each row.")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            "--target",
            metavar="COLUMN",
            help=(
                "Many series: column of the class or number of each, to predict; without it the series are forecast. "
                "Without --series and --time, that of each row."
            ),
        ),
    ] = None,
    impute: Annotated[
        bool | None, typer.Option("--impute", help="Fill the gaps of many series, or, without --series, of one table.")
    ] = None,
    state: Annotated[
        str | None,
        typer.Option("--state", metavar="COLUMNS", help=f"One table: columns of quantities, {_NAMES}."),
    ] = None,
    model: Annotated[str | None, typer.Option("--model", metavar="MODEL", help=_MODELS)] = None,
    task: Annotated[
        str | None,
        typer.Option(
            "--task",
            metavar="TASK",
            help=(
                "Many series: classes | numbers, by default what the target suggests; or generate, to produce new "
                "series like them."
            ),
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option("--split", metavar="COLUMN", help="Many series: train, test or validation; else at random."),
    ] = None,
    drop: Annotated[
        float | None,
        typer.Option("--drop", metavar="SHARE", help="Many series: the share of observations to drop at random."),
    ] = None,
    channels: Annotated[
        str | None,
        typer.Option(
            "--channels",
            metavar="COLUMNS",
            help=f"Many series, or --impute: columns of measurements, {_NAMES}; by default all that change.",
        ),
    ] = None,
    static: Annotated[
        str | None,
        typer.Option(
            "--static",
            metavar="COLUMNS",
            help=f"Many series: columns of numbers or words that each series has once, {_NAMES}.",
        ),
    ] = None,
    window: Annotated[
        int | None,
        typer.Option(
            "--window",
            metavar="N",
            help="Forecasts: learn from the last N rows only. To generate: cut longer series into pieces of N rows.",
        ),
    ] = None,
    hidden: Annotated[
        int | None,
        typer.Option("--hidden", metavar="N", min=1, help="Many series, networks: numbers in the state of the model."),
    ] = None,
    width: Annotated[
        int | None, typer.Option("--width", metavar="N", min=1, help="Many series, networks: units in a hidden layer.")
    ] = None,
    depth: Annotated[
        int | None, typer.Option("--depth", metavar="N", min=1, help="Many series, networks: number of hidden layers.")
    ] = None,
    transform: Annotated[
        str | None, typer.Option("--transform", metavar="HOW", help="One table, SDEs: none | root | log.")
    ] = None,
    holdout: Annotated[
        int | None, typer.Option("--holdout", metavar="N", help="One table: last rows to forecast, not to fit.")
    ] = None,
    horizon: Annotated[
        int | None,
        typer.Option(
            "--horizon", metavar="N", min=1, help="One table: rows to forecast; by default one season, at least 10."
        ),
    ] = None,
    season: Annotated[
        str | None,
        typer.Option("--season", metavar="ROWS", help="One table, forecasts: rows in a season | auto | none."),
    ] = None,
    known: Annotated[
        str | None,
        typer.Option(
            "--known",
            metavar="COLUMNS",
            help=f"One table, forecasts: columns that are known in advance, {_NAMES}; the last rows have only these.",
        ),
    ] = None,
    *,
    reading: ReadOptions,
    out: Out = None,
    seed: Seed = None,
    steps: Steps = None,
    resume: Annotated[
        Path | None, typer.Option("--resume", metavar="RUN", help="Many series: resume a run that was stopped.")
    ] = None,
) -> None:
    """Fit a model, evaluate it, and write a report.

    An equation to one table, or a neural network to many series, or to rows without times.
    """
    from nde.cli import registry, run  # noqa: PLC0415 (takes long to import)
    from nde.cli.panels.config import PanelConfig  # noqa: PLC0415
    from nde.cli.tables.config import TableConfig  # noqa: PLC0415

    options = {
        "target": target,
        "impute": impute,
        "task": task,
        "split": split,
        "drop": drop,
        "channels": channels,
        "static": static,
        "window": window,
        "hidden": hidden,
        "width": width,
        "depth": depth,
        "state": state,
        "transform": transform,
        "holdout": holdout,
        "horizon": horizon,
        "season": season,
        "known": known,
        "time": time,
        "series": series,
        "model": _current(model),
        "seed": seed,
        "steps": steps,
        **dataclasses.asdict(reading),
    }
    table_only = registry.TABLE_OPTIONS - registry.PANEL_OPTIONS
    if resume is not None:
        refuse({**options, "out": out}, table_only | {"out"}, "cannot be combined with --resume: the run has its own.")
        run.resume(PanelConfig.from_run(resume, file, options), resume)
    elif state is not None and impute:
        raise DataError("Got --impute with --state; name the columns in which gaps are to be filled with --channels.")
    elif state is not None:
        panel_only = registry.PANEL_OPTIONS - registry.TABLE_OPTIONS
        refuse(
            options,
            panel_only,
            "is only for many series (--series); it cannot be combined with --state, which is for one table.",
        )
        check_given(options, "time")
        config = TableConfig.from_options(_given(file), options)
        run.fit_table(config, out or Path("runs", _given(file).stem))
    else:
        _check_series(options, _given(file))
        refuse(options, table_only, "is only for one table; it needs --state, the columns to model.")
        config = PanelConfig.from_options(_given(file), options)
        run.fit_panel(config, out or Path("runs", _given(file).name.split(".")[0]))


def _check_series(options: Mapping[str, Any], file: Path) -> None:
    """Refuse a command that says neither what is one table's nor what is many series' or rows', nor to fill gaps."""
    if options["series"] is None and options["time"] is None and (options["target"] or options["model"] in ROW_MODELS):
        if options["target"] is None:
            raise DataError(f"--model {options['model']} needs --target, the column to predict for each row of {file}.")
        return
    if options["series"] is None and not options["impute"]:
        raise DataError(
            "Give --state, the columns to model in one table; or --series, the column that identifies each of many "
            "series; or --impute, to fill the gaps of one table; or --target without --time, to predict that column "
            "for each row."
        )
    check_given(options, "time")


def _current(model: str | None) -> str | None:
    """The name of a model, with a note if it was renamed."""
    if model is None or current_name(model) == model:
        return model
    typer.echo(f"nde: The model {model} is called {current_name(model)} now.", err=True)
    return current_name(model)


def _given(file: Path | None) -> Path:
    """The file.

    Raises:
        DataError: If none was given.
    """
    if file is None:
        raise DataError("FILE is missing: a CSV or Parquet file of measurements. See `nde fit --help`.")
    return file
