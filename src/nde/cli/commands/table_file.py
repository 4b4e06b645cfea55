"""One table of measurements, from a file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from nde.cli.commands.options import NOISE, STEPS, STEPS_WITH_NOISE, columns_of
from nde.data import DataError
from nde.models import MODELS, SDE_MODELS
from nde.models.scaling import Transform

_MODEL = "neural-ode"
"""If none is named."""


def fit(file: Path, out: Path | None, of_table: Mapping[str, Any], shared: Mapping[str, Any]) -> None:
    """Fits equations to a table.

    Args:
        file: The table.
        out: Where to write.
        of_table: The options for tables, by name.
        shared: Those that many series have, too.

    Raises:
        DataError: If the options or data make no sense; then nothing was written.
    """
    model = shared["model"] or _MODEL
    noisy = _is_noisy(model)
    if not noisy and (shared["series"] is not None or of_table["transform"] is not None):
        option = "--transform" if shared["series"] is None else "--series"
        raise DataError(f"Got {option} for the model {model}; it is for models with noise, such as --model {NOISE}.")
    folder = out if out is not None else Path("runs", file.stem)
    (_fit_noisy if noisy else _fit)(file, folder, model, of_table, shared)


def _fit(file: Path, folder: Path, model: str, of_table: Mapping[str, Any], shared: Mapping[str, Any]) -> None:
    from nde.cli.run import Job, run  # noqa: PLC0415 (takes long to import)
    from nde.data import read_csv  # noqa: PLC0415

    table = read_csv(file, shared["time"].strip(), columns_of(of_table["state"]))
    seed, steps = shared["seed"] or 0, shared["steps"] or STEPS
    run(Job(table, (model,), of_table["holdout"] or 0, folder, f"{file}", seed, steps))


def _fit_noisy(file: Path, folder: Path, model: str, of_table: Mapping[str, Any], shared: Mapping[str, Any]) -> None:
    from nde.cli import noise  # noqa: PLC0415 (takes long to import)
    from nde.data import read_csv, read_series  # noqa: PLC0415

    time, columns, series = shared["time"].strip(), columns_of(of_table["state"]), shared["series"]
    one = series is None
    tables = {"": read_csv(file, time, columns)} if one else read_series(file, time, columns, series.strip())
    transform = _transform(of_table["transform"])
    seed, steps = shared["seed"] or 0, shared["steps"] or STEPS_WITH_NOISE
    noise.run(noise.Job(tables, model, transform, of_table["holdout"] or 0, folder, f"{file}", seed, steps))


def _is_noisy(model: str) -> bool:
    """Whether a model is one with noise.

    Raises:
        DataError: If there is no such model.
    """
    if model not in (*MODELS, NOISE, *SDE_MODELS):
        names = ", ".join((*MODELS, NOISE, *SDE_MODELS))
        raise DataError(f"There is no model '{model}'; there are {names}.")
    return model == NOISE or model in SDE_MODELS


def _transform(name: str | None) -> Transform:
    """What equations with noise are for.

    Raises:
        DataError: If there is no such transformation.
    """
    for known in get_args(Transform):
        if known == (name or "none"):
            return known
    raise DataError(f"Got --transform {name}; one of {', '.join(get_args(Transform))} is wanted.")
