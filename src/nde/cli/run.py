"""The main job: models fitted to a table, judged, and written down."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jaxtyping import Float

from nde.cli.console import bar, note, table_of_errors
from nde.cli.folder import check_new, new_folder
from nde.cli.report import report
from nde.data import DataError, Table
from nde.models import MODELS, AbstractODEModel, save_model
from nde.plot import plot_forecast, plot_phase, plot_training
from nde.train import TableFit, fit_table, mean, persistence, rmse

_CURVE = 400
"""Points of a curve in the pictures."""


@dataclasses.dataclass(frozen=True)
class Job:
    """What to fit, and where to write it.

    Attributes:
        table: All measurements.
        models: Names of models.
        holdout: How many of the last rows to forecast.
        folder: Where to write; must not exist.
        source: Where the measurements are from.
        seed: Of random weights.
        steps: Of descent, for each model.
    """

    table: Table
    models: tuple[str, ...]
    holdout: int
    folder: Path
    source: str
    seed: int
    steps: int


@dataclasses.dataclass(frozen=True)
class Judged:
    """Fitted models and their errors beside those of the baselines.

    Attributes:
        fits: For each model how it was fitted.
        fitted: For each model and baseline the errors on the rows fitted.
        held: The same on the rows held out; empty without any.
        best: The model with the least error on the rows held out, or, without any, on those fitted.
    """

    fits: dict[str, TableFit]
    fitted: dict[str, dict[str, float]]
    held: dict[str, dict[str, float]]
    best: str


def run(job: Job) -> Judged:
    """Fits, judges, prints and writes.

    Raises:
        DataError: If the job makes no sense; then nothing was written.
    """
    check_new(job.folder)
    fitted, held = job.table.split(job.holdout)
    begun = {name: MODELS[name].from_table(fitted, key=jax.random.key(job.seed)) for name in job.models}
    fits = {name: _fitted(name, model, fitted, job.steps) for name, model in begun.items()}
    judged = judge(fits, fitted, held)
    with new_folder(job.folder) as folder:
        _write(folder, job, judged, fitted, held)
    note(table_of_errors(judged.fitted, judged.held))
    note(f"\n{fits[judged.best].model.equation()}\n\nreport: {job.folder / 'report.html'}")
    return judged


def _fitted(name: str, model: AbstractODEModel, table: Table, steps: int) -> TableFit:
    with bar(name, steps) as progress:
        found = fit_table(model, table, steps=steps, progress=progress)
    if not np.isfinite(found.best_loss):
        raise DataError(
            f"The model {name} found no fit whose solve succeeds in {steps} steps; try more --steps, another --seed, "
            "or another --model."
        )
    return found


def judge(fits: dict[str, TableFit], fitted: Table, held: Table | None) -> Judged:
    """The errors of models and baselines."""

    def errors(table: Table) -> dict[str, dict[str, float]]:
        models = {name: rmse(table, found.model.forecast(table.ts)) for name, found in fits.items()}
        baselines = {"persistence": persistence(fitted, table.ts), "mean": mean(fitted, table.ts)}
        return {**models, **{name: rmse(table, values) for name, values in baselines.items()}}

    on_fitted = errors(fitted)
    del on_fitted["persistence"]
    on_held = {} if held is None else errors(held)
    decisive = on_held if held is not None and np.isfinite(held.ys).any() else on_fitted
    return Judged(fits, on_fitted, on_held, min(fits, key=lambda name: decisive[name]["all"]))


def _write(folder: Path, job: Job, judged: Judged, fitted: Table, held: Table | None) -> None:
    """Everything about the run."""
    for name, found in judged.fits.items():
        save_model(found.model, folder / "models" / name)
    last = fitted.ts[-1] if held is None else held.ts[-1]
    ts = np.linspace(fitted.ts[0], last, _CURVE)
    curves = {name: (ts, found.model.forecast(ts)) for name, found in judged.fits.items()}
    plot_forecast(fitted, held, curves).savefig(folder / "forecast.png")
    plot_phase(fitted, held, curves).savefig(folder / "phase.png")
    plot_training({name: found.losses for name, found in judged.fits.items()}).savefig(folder / "training.png")
    metrics = _metrics(job, judged, fitted, held)
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
    (folder / "report.html").write_text(report(folder, job.folder, metrics), encoding="utf-8")
    _write_predictions(folder / "predictions.csv", job.table, judged)


def _metrics(job: Job, judged: Judged, fitted: Table, held: Table | None) -> dict[str, Any]:
    def model(name: str, found: TableFit) -> dict[str, Any]:
        told = {key: {"value": value, "meaning": text} for key, (value, text) in found.model.parameters().items()}
        return {
            "rmse_fitted": _plain(judged.fitted[name]),
            "rmse_held_out": _plain(judged.held.get(name, {})),
            "loss": found.best_loss,
            "seconds": round(found.seconds, 2),
            "equation": found.model.equation(),
            "parameters": told,
        }

    baselines = [name for name in (*judged.fitted, *judged.held) if name not in judged.fits]
    return {
        "source": job.source,
        "time": job.table.time_name,
        "states": list(job.table.names),
        "rows_fitted": len(fitted.ts),
        "rows_held_out": 0 if held is None else len(held.ts),
        "fitted_from": float(fitted.ts[0]),
        "fitted_to": float(fitted.ts[-1]),
        "seed": job.seed,
        "steps": job.steps,
        "best": judged.best,
        "models": {name: model(name, found) for name, found in judged.fits.items()},
        "baselines": {
            name: {
                "rmse_fitted": _plain(judged.fitted.get(name, {})),
                "rmse_held_out": _plain(judged.held.get(name, {})),
            }
            for name in dict.fromkeys(baselines)
        },
    }


def _plain(errors: dict[str, float]) -> dict[str, float | None]:
    """Errors as JSON can hold them."""
    return {name: value if np.isfinite(value) else None for name, value in errors.items()}


def _write_predictions(path: Path, table: Table, judged: Judged) -> None:
    """Measurements and what each model says at their times."""
    columns: dict[str, Float[np.ndarray, " rows"]] = {table.time_name: table.ts}
    columns.update(zip(table.names, table.ys.T, strict=True))
    for model, found in judged.fits.items():
        for name, values in zip(table.names, found.model.forecast(table.ts).T, strict=True):
            columns[f"{name} ({model})"] = values
    lines = [",".join(columns)]
    lines += [",".join("" if np.isnan(v) else f"{v:.9g}" for v in row) for row in zip(*columns.values(), strict=True)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
