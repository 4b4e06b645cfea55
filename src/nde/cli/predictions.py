"""Predictions by the model of a run."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from nde.cli.noise.predict import lines as noisy
from nde.data import DataError
from nde.models import AbstractODEModel, AbstractSDEModel, load_model


def predictions(folder: Path, times: str, model: str | None) -> str:
    """The states at times, as CSV; by a model with noise their quantiles.

    Args:
        folder: The folder of a run.
        times: Times, with commas.
        model: Which model, if the run has several; by default the best.

    Raises:
        DataError: If there is no such run or model, or the times make no sense.
    """
    metrics = _metrics(folder)
    name = model if model is not None else metrics["best"]
    if name not in metrics["models"]:
        raise DataError(f"The run {folder} has no model '{name}'; it has {', '.join(metrics['models'])}.")
    ts = _times(times)
    found = load_model(folder / "models" / name)
    told = noisy(found, metrics, ts) if isinstance(found, AbstractSDEModel) else _forecast(found, metrics, ts)
    return "\n".join(told) + "\n"


def _forecast(model: AbstractODEModel, metrics: dict[str, Any], ts: np.ndarray) -> list[str]:
    """The lines of a CSV file, a row for each time."""
    rows = [",".join(f"{v:.9g}" for v in (t, *ys)) for t, ys in zip(ts, model.forecast(ts), strict=True)]
    return [",".join([metrics["time"], *model.names]), *rows]


def check_new_file(path: Path) -> None:
    """Refuses a file that is there already.

    Raises:
        DataError: If so.
    """
    if path.exists() or path.is_symlink():
        raise DataError(f"{path} exists already; name another with --out, or remove it.")


def write_new(path: Path, text: str) -> None:
    """Writes a file that is not there yet, whole or not at all.

    Raises:
        DataError: If it is there, or cannot be written.
    """
    check_new_file(path)
    draft = None
    try:
        handle, draft = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.absolute().parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(draft).chmod(0o644)
        Path(draft).rename(path)
    except OSError as error:
        if draft is not None:
            Path(draft).unlink(missing_ok=True)
        raise DataError(f"{path} cannot be written: {error.strerror or error}.") from None


def check_run(folder: Path) -> None:
    """Refuses a folder that is no run.

    Raises:
        DataError: If so.
    """
    if not (folder / "metrics.json").is_file():
        raise DataError(f"There is no run in {folder}: metrics.json is wanted. Name a folder that `nde fit` wrote.")


def _metrics(folder: Path) -> dict[str, Any]:
    check_run(folder)
    try:
        metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        metrics["best"], metrics["models"], metrics["time"]
    except (ValueError, KeyError, TypeError):
        raise DataError(f"{folder / 'metrics.json'} is damaged; fit again.") from None
    return metrics


def _times(text: str) -> np.ndarray:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    try:
        return np.array([float(part) for part in parts])
    except ValueError:
        wrong = next(part for part in parts if not _is_number(part))
        raise DataError(
            f"Got '{wrong}' among the times; numbers with commas are wanted, such as 1921,1922.5."
        ) from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
