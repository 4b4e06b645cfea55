"""Queries of a run with one table."""

import dataclasses
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float

from nde.cli.task import Query
from nde.cli.times import elapsed_times
from nde.data import Clock, DataError, ReadOptions, Zone
from nde.models import AbstractODEModel, AbstractSDEModel, load_model
from nde.models.registry import current_name

MODELS = "models"
"""Where in the folder of a run its models are."""
Model = TypeVar("Model", AbstractODEModel, AbstractSDEModel)


def check_table_metrics(metrics: dict[str, Any]) -> None:
    """Check that `metrics.json` of a run names its models.

    Raises:
        KeyError: If it does not.
    """
    _ = metrics["best"], metrics["models"], metrics["time"]


def clock_metrics(clock: Clock | None) -> dict[str, Any]:
    """What `metrics.json` holds about the dates of a table; nothing if it has numbers."""
    if clock is None:
        return {}
    zone = None if clock.zone is None else dataclasses.asdict(clock.zone)
    return {"dates": {"since": str(clock.origins[0]), "unit": clock.unit, "zone": zone}}


def run_clock(metrics: dict[str, Any]) -> Clock | None:
    """The clock of a run, of its `metrics.json`; `None` if its times are numbers."""
    dates = metrics.get("dates")
    if dates is None:
        return None
    return Clock(np.array([dates["since"]], "datetime64[us]"), dates["unit"], zone=Zone.from_json(dates["zone"]))


def run_reading(metrics: dict[str, Any]) -> ReadOptions:
    """How the file of a run was read, of its `metrics.json`; earlier runs do not say."""
    return ReadOptions(**metrics.get("file_reading", {}))


def query_times(query: Query, metrics: dict[str, Any], clock: Clock | None) -> Float[np.ndarray, " times"]:
    """The times of a query, as the models of the run count them.

    Args:
        query: What is asked for.
        metrics: The content of `metrics.json` of the run.
        clock: Its clock.

    Raises:
        DataError: If they are missing or no numbers, or something else is asked for.
    """
    if query.horizon is not None:
        raise DataError("--horizon is only for a run on many series; this run is on one table, so use --times.")
    if query.file is not None or query.times is None:
        got = f"the file {query.file}" if query.file is not None else "no --times"
        raise DataError(f"A run on one table needs --times, for example --times 1921,1922.5; got {got}.")
    texts = [part.strip() for part in query.times.split(",") if part.strip()]
    if clock is None:
        return np.array([_number(text) for text in texts], np.float64)
    return elapsed_times(clock, texts, query.reading, run_reading(metrics))[0]


def query_model(folder: Path, metrics: dict[str, Any], query: Query, kind: type[Model]) -> Model:
    """The model of a query; by default the best of the run.

    Args:
        folder: The folder of the run.
        metrics: The content of its `metrics.json`.
        query: What is asked for.
        kind: What all models of the run are.

    Raises:
        DataError: If the run has no such model.
    """
    names = {current_name(name): name for name in metrics["models"]}
    wanted = current_name(metrics["best"] if query.model is None else query.model)
    if wanted not in names:
        raise DataError(f"The run {folder} has no model '{query.model}'; it has {', '.join(metrics['models'])}.")
    path = folder / MODELS / names[wanted]
    model = load_model(path)
    if not isinstance(model, kind):
        raise DataError(f"The model in {path} is not the one that the run names; fit again.")
    return model


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise DataError(
            f"--times must be numbers separated by commas, for example 1921,1922.5; got '{text}'."
        ) from None
