"""The folder of a run with noise."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from nde.cli.noise.done import WALK, Done, Parameter
from nde.cli.noise.predict import row
from nde.cli.noise.report import report
from nde.cli.noise.verdict import Verdict
from nde.data import LEVELS, Table
from nde.models import save_model
from nde.plot import plot_fan


def write(folder: Path, done: Done) -> None:
    """Writes everything about a run."""
    for name, each in done.verdicts.items():
        if name != WALK:
            save_model(each.model, folder / "models" / name)
    fans = done.fans()
    whole = dict(zip(done.fitted, done.verdicts[done.best].ahead, strict=True))
    ahead = {name: whole[name].at(slice(None, len(done.fitted[name].ts))) for name in fans}
    plot_fan(done.fitted, done.held, ahead, fans).savefig(folder / "fan.png")
    metrics = metrics_of(done)
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
    (folder / "report.html").write_text(report(folder, done.job.folder, metrics), encoding="utf-8")
    (folder / "predictions.csv").write_text("\n".join(_predictions(done)) + "\n", encoding="utf-8")


def metrics_of(done: Done) -> dict[str, Any]:
    """What is in `metrics.json`."""
    job, fitted = done.job, list(done.fitted.values())
    models = {name: _model(done, name) for name in done.verdicts}
    return {
        "source": job.source,
        "time": job.time_name,
        "states": list(job.names),
        "transform": job.transform,
        "series": list(done.fitted),
        "rows_fitted": sum(len(t.ts) for t in fitted),
        "rows_held_out": sum(len(t.ts) for t in done.held.values()),
        "fitted_from": min(float(t.ts[0]) for t in fitted),
        "fitted_to": max(float(t.ts[-1]) for t in fitted),
        "seed": job.seed,
        "steps": job.steps,
        "best": done.best,
        "models": {name: told for name, told in models.items() if name != WALK},
        "baselines": {WALK: models[WALK]},
        "last": {name: _last(table) for name, table in done.fitted.items()},
    }


def _model(done: Done, name: str) -> dict[str, Any]:
    each = done.verdicts[name]
    told = {
        "log_density_fitted": _plain(each.fitted),
        "log_density_held_out": _plain(each.held),
        "aic": each.aic,
        "coverage": {place: {b: _plain(v) for b, v in share.items()} for place, share in each.coverage.items()},
        "equation": each.model.equation(),
        "parameters": {key: _parameter(value) for key, value in done.parameters(name).items()},
    }
    if each.fit is not None:
        told |= {"substeps": each.fit.substeps, "steps": len(each.fit.losses), "seconds": round(each.fit.seconds, 2)}
    return told


def _parameter(each: Parameter) -> dict[str, Any]:
    told = {"value": each.value, "standard_error": each.standard_error, "meaning": each.meaning}
    if each.truth is not None:
        told |= {"truth": each.truth, "distance": each.distance}
    return told


def _plain(value: float) -> float | None:
    """A number as JSON can hold it."""
    return value if np.isfinite(value) else None


def _last(table: Table) -> dict[str, Any]:
    """The last rows, from which a fan can start: back to the last complete one, or the last value of each column."""
    known = ~np.isnan(table.ys)
    starts = [int(np.flatnonzero(each)[-1]) for each in (*known.T, known.all(axis=1)) if each.any()]
    first = min(*starts, len(table.ts) - 2)
    ys = [[_plain(float(y)) for y in row] for row in table.ys[first:]]
    return {"times": table.ts[first:].tolist(), "values": ys}


def _predictions(done: Done) -> Iterator[str]:
    """Measurements, and quantiles of each model: one row ahead where it was fitted, from the last such row after."""
    job, many = done.job, len(done.job.tables) > 1
    models = [name for name in done.verdicts if name != WALK]
    percent = [f"{100 * level:g}%" for level in LEVELS]
    heads = [f"{x} {p} ({model})" for model in models for x in job.names for p in percent]
    yield row([*(["series"] if many else []), job.time_name, "held out", *job.names, *heads])
    for i, (name, table) in enumerate(job.tables.items()):
        fitted = len(done.fitted[name].ts)
        quantiles = [_quantiles(done.verdicts[model], i, fitted) for model in models]
        for k, t in enumerate(table.ts):
            said = np.concatenate([each[:, k].T.ravel() for each in quantiles])
            numbers = ["" if np.isnan(v) else f"{v:.9g}" for v in (t, *table.ys[k], *said)]
            yield row([*([name] if many else []), numbers[0], str(int(k >= fitted)), *numbers[1:]])


def _quantiles(verdict: Verdict, series: int, fitted: int) -> np.ndarray:
    ahead = verdict.ahead[series].quantiles[:, :fitted]
    return np.concatenate([ahead, verdict.fans[series].quantiles], axis=1) if verdict.fans else ahead
