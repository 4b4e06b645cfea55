"""`nde fit`: one table, or many series."""

from pathlib import Path
from typing import Annotated

import typer

from nde.cli.commands import panel_file, table_file
from nde.cli.commands.options import NOISE, Out, Seed, Steps, check_given, given_file, refuse
from nde.cli.panel.names import COURSE_MODELS, GENERATORS
from nde.cli.panel.names import MODELS as SERIES_MODELS
from nde.models import MODELS, SDE_MODELS


def fit(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Measurements: CSV, packed or not, or Parquet, with a header.")
    ] = None,
    time: Annotated[str | None, typer.Option("--time", metavar="COLUMN", help="Column of times.")] = None,
    series: Annotated[
        str | None, typer.Option("--series", metavar="COLUMN", help="Column that tells series apart.")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option("--target", metavar="COLUMN", help="Many series: the class or number of each; else a forecast."),
    ] = None,
    impute: Annotated[
        bool | None, typer.Option("--impute", help="Many series: fill their gaps, instead of a forecast.")
    ] = None,
    state: Annotated[
        str | None, typer.Option("--state", metavar="COLUMNS", help="One table: columns of quantities, with commas.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="MODEL",
            help=f"One table: {' | '.join((*MODELS, NOISE, *SDE_MODELS))}. Many series, with a target: "
            f"{' | '.join(SERIES_MODELS)}; without: {' | '.join(COURSE_MODELS)}; to generate: "
            f"{' | '.join(GENERATORS)}.",
        ),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(
            "--task",
            metavar="TASK",
            help="Many series: classes | numbers, else the target tells; or generate, more like them.",
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
        typer.Option("--channels", metavar="COLUMNS", help="Many series: measurements; by default all that are left."),
    ] = None,
    static: Annotated[
        str | None, typer.Option("--static", metavar="COLUMNS", help="Many series: numbers each series has once.")
    ] = None,
    window: Annotated[
        int | None,
        typer.Option("--window", metavar="N", help="To generate: cut longer series into pieces of N rows."),
    ] = None,
    transform: Annotated[
        str | None, typer.Option("--transform", metavar="HOW", help="One table, with noise: none | root | log.")
    ] = None,
    holdout: Annotated[
        int | None, typer.Option("--holdout", metavar="N", help="One table: last rows to forecast, not to fit.")
    ] = None,
    out: Out = None,
    seed: Seed = None,
    steps: Steps = None,
    resume: Annotated[
        Path | None, typer.Option("--resume", metavar="RUN", help="Many series: go on with a run that was stopped.")
    ] = None,
) -> None:
    """Fit a model, judge it, and write a report: an equation to one table, or a network to many series."""
    of_table = {"state": state, "transform": transform, "holdout": holdout}
    of_panel = {
        "target": target,
        "impute": impute,
        "task": task,
        "split": split,
        "drop": drop,
        "channels": channels,
        "static": static,
        "window": window,
    }
    shared = {"time": time, "series": series, "model": model, "seed": seed, "steps": steps}
    if resume is not None:
        refuse({**of_table, "out": out}, "does not go with --resume: the run knows.")
        panel_file.resume(resume, file, {**shared, **of_panel})
    elif state is not None:
        refuse(of_panel, "is for many series; it does not go with --state, the quantities of one table.")
        check_given(time=time)
        table_file.fit(given_file(file), out, of_table, shared)
    else:
        check_given(series=series, time=time)
        refuse(of_table, "is for one table: it goes with --state, its quantities.")
        panel_file.fit(given_file(file), out, {**shared, **of_panel})
