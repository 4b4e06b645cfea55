"""Fit ordinary differential equations to a table, and forecast it."""

import dataclasses
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
from matplotlib.figure import Figure

from nde.cli.cells import check_finite, exact, rounded, time_texts
from nde.cli.console import progress_bar
from nde.cli.files import csv_text
from nde.cli.report import (
    Block,
    Code,
    Grid,
    Paragraph,
    Picture,
    Report,
    Section,
    Subheading,
    data_sections,
    number,
    reference_section,
    versions,
)
from nde.cli.tables.config import TableConfig, TableData, Tables
from nde.cli.tables.query import MODELS as FOLDER
from nde.cli.tables.query import check_table_metrics, query_model, query_times, run_clock
from nde.cli.tables.task import AbstractTableTask, read_tables, refuse_forecast_options
from nde.cli.task import Predictions, Query, Result
from nde.data import DataError, Table
from nde.data.plural import pluralize
from nde.models import MODELS, AbstractODEModel, NeuralTrajectory, save_model
from nde.plot import plot_forecast, plot_phase, plot_training
from nde.train import TableFit, fit_table, mean, persistence, rmse

_STEPS = 2000
"""Training steps of a model."""
_CURVE = 400
"""Points of a curve in the plots."""
Errors = dict[str, dict[str, float]]
"""For each model and baseline the error of each column, and of all."""


class ODETask(AbstractTableTask[Tables, TableData]):
    """Fit ordinary differential equations to a table."""

    name = "ode"
    option = "--state"
    options = frozenset({"time", "state", "model", "holdout", "seed", "steps"})
    models = MODELS
    default = NeuralTrajectory.key

    def check(self, config: TableConfig) -> None:
        """Refuse options of SDEs."""
        refuse_forecast_options(config)
        for name in ("series", "transform"):
            if getattr(config, name) is not None:
                raise DataError(
                    f"Got --{name} for the model {', '.join(config.models)}; it is for models with noise, such as "
                    "--model sde."
                )

    def read(self, config: TableConfig) -> Tables:
        """Read the table."""
        return read_tables(config)

    def prepare(self, config: TableConfig, source: Tables) -> TableData:
        """Set the last rows aside."""
        return TableData.split(source, config.holdout)

    def fit(self, config: TableConfig, data: TableData, folder: Path | None) -> dict[str, TableFit]:
        """Fit each model."""
        del folder
        (table, _), key = data.single(), jax.random.key(config.seed)
        models = {name: MODELS[name].from_table(table, key=key) for name in config.models}
        return {name: _fit(name, model, table, config.steps or _STEPS) for name, model in models.items()}

    def evaluate(self, config: TableConfig, data: TableData, model: dict[str, TableFit]) -> "ODEResult":
        """Compute errors."""
        fitted, holdout = data.single()
        on_fitted = _errors(model, fitted, fitted)
        del on_fitted["persistence"]
        on_holdout = {} if holdout is None else _errors(model, fitted, holdout)
        decisive = on_holdout if holdout is not None and np.isfinite(holdout.ys).any() else on_fitted
        best = min(model, key=lambda name: decisive[name]["all"])
        return ODEResult(config, data, model, on_fitted, on_holdout, best)

    def check_metrics(self, metrics: dict[str, Any]) -> None:
        """Check that there are models."""
        check_table_metrics(metrics)

    def predict(self, folder: Path, metrics: dict[str, Any], query: Query) -> Predictions:
        """Compute the state at times."""
        clock, model = run_clock(metrics), query_model(folder, metrics, query, AbstractODEModel)
        times = query_times(query, metrics, clock)
        states, texts = model.forecast(times), time_texts(clock, times)
        check_finite(states, texts)
        rows = [[text, *(rounded(y, 9) for y in ys)] for text, ys in zip(texts, states, strict=True)]
        return Predictions(csv_text([metrics["time"], *model.names], rows))


def _fit(name: str, model: AbstractODEModel, table: Table, steps: int) -> TableFit:
    with progress_bar(name, steps) as progress:
        found = fit_table(model, table, steps=steps, progress=progress)
    if not np.isfinite(found.best_loss):
        raise DataError(
            f"The model {name} found no fit whose solve succeeds in {pluralize(steps, 'step')}; try more --steps, "
            "another --seed, or another --model."
        )
    return found


def _errors(fits: dict[str, TableFit], fitted: Table, table: Table) -> Errors:
    """The errors of models and baselines on a table."""
    models = {name: rmse(table, found.model.forecast(table.ts)) for name, found in fits.items()}
    baselines = {"persistence": persistence(fitted, table.ts), "mean": mean(fitted, table.ts)}
    return {**models, **{name: rmse(table, values) for name, values in baselines.items()}}


@dataclasses.dataclass(frozen=True, eq=False)
class ODEResult(Result):
    """Fitted models, and their errors beside those of baselines.

    Attributes:
        config: The options.
        data: The measurements.
        fits: How each model was fitted.
        fitted: The errors on the rows fitted.
        holdout: The errors on the rows held out; empty without any.
        best: The model with the least error on the rows held out, or, without any, on those fitted.
    """

    config: TableConfig
    data: TableData
    fits: dict[str, TableFit]
    fitted: Errors
    holdout: Errors
    best: str

    @property
    def steps(self) -> int:
        """How many training steps were asked for."""
        return self.config.steps or _STEPS

    def save(self, folder: Path) -> None:
        """Save the models."""
        for name, found in self.fits.items():
            save_model(found.model, folder / FOLDER / name)

    def metrics(self) -> dict[str, Any]:
        """The content of `metrics.json`."""
        names = dict.fromkeys((*self.fitted, *self.holdout))
        errors = {
            name: {
                "rmse_fitted": _finite(self.fitted.get(name, {})),
                "rmse_held_out": _finite(self.holdout.get(name, {})),
            }
            for name in names
        }
        return {
            "source": self.config.source,
            "time": self.data.time_name,
            "states": list(self.data.names),
            **self.data.metrics(),
            "seed": self.config.seed,
            "steps": self.steps,
            "best": self.best,
            "models": {name: {**errors[name], **_model_metrics(found)} for name, found in self.fits.items()},
            "baselines": {name: errors[name] for name in names if name not in self.fits},
        }

    def figures(self) -> dict[str, Figure]:
        """The forecast, the phase portrait and the losses."""
        fitted, holdout = self.data.single()
        last = fitted.ts[-1] if holdout is None else holdout.ts[-1]
        ts = np.linspace(fitted.ts[0], last, _CURVE)
        curves = {name: (ts, found.model.forecast(ts)) for name, found in self.fits.items()}
        return {
            "forecast.png": plot_forecast(fitted, holdout, curves),
            "phase.png": plot_phase(fitted, holdout, curves),
            "training.png": plot_training({name: found.losses for name, found in self.fits.items()}),
        }

    def predictions(self) -> tuple[str, str]:
        """Measurements, and the states of each model at their times."""
        (table,) = self.data.tables.values()
        given = dict(zip(table.names, table.ys.T, strict=True))
        columns = {table.time_name: self.data.texts(*table.ts)}
        columns |= {name: [exact(value) for value in values] for name, values in given.items()}
        for model, found in self.fits.items():
            states = found.model.forecast(table.ts).T
            for name, values in zip(table.names, states, strict=True):
                columns[f"{name} ({model})"] = [rounded(value, 9) for value in values]
        return "predictions.csv", csv_text(list(columns), zip(*columns.values(), strict=True))

    def summary(self) -> Sequence[str | Grid]:
        """The errors, and the equation of the best model."""
        return [self._error_grid(), f"\n{self.fits[self.best].model.equation()}"]

    def report(self, folder: Path) -> Report:
        """The report."""
        states, last = ", ".join(self.data.names), self.data.fitted_to
        errors = (
            "Root mean squared errors, each column in its own unit. Persistence is the last value fitted, mean the "
            "mean of the values fitted: a model is useful only if it beats both on rows it was not fitted to."
        )
        times = ",".join(self.data.texts(last, last + 1))
        shell = f"nde predict {folder} --times {shlex.quote(times)}"
        program = (
            "import numpy as np\nfrom nde.models import load_model\n\n"
            f"model = load_model({str(folder / FOLDER / self.best)!r})\n"
            f"print(model.forecast(np.array([{exact(last)}, {exact(last + 1)}])))"
        )
        return Report(
            title=f"{states} over {self.data.time_name}",
            summary=self.data.summary(self.config.source),
            sections=[
                Section("Forecast", [Picture("forecast.png", "measurements and models over time")]),
                Section("Errors", [Paragraph(errors), self._error_grid()]),
                Section("Phase portrait", [Picture("phase.png", "quantities against each other")]),
                Section("Fitted models", [block for name in self.fits for block in self._model_blocks(name)]),
                Section("Training", [Picture("training.png", "loss at each training step")]),
                *data_sections(self.data.notes),
                Section("Use the model", [Code(shell), Code(program)]),
                reference_section([found.model for found in self.fits.values()]),
            ],
            footer=(
                f"{versions('nde', 'jax', 'equinox')}; seed {self.config.seed}, "
                f"{pluralize(self.steps, 'training step')}."
            ),
        )

    def _error_grid(self) -> Grid:
        columns = [*self.data.names, "all"]
        parts = {"fitted": self.fitted} | ({"held out": self.holdout} if self.holdout else {})
        rows = [
            [name, *(number(errors.get(name, {}).get(column)) for errors in parts.values() for column in columns)]
            for name in dict.fromkeys((*self.fitted, *self.holdout))
        ]
        header = ["", *(f"{column}, {part}" for part in parts for column in columns)]
        return Grid(header, rows, best=self.best, title="root mean squared error")

    def _model_blocks(self, name: str) -> list[Block]:
        found = self.fits[name]
        rows = [[key, f"{value:.4g}", meaning] for key, (value, meaning) in found.model.parameters().items()]
        note = f"loss {found.best_loss:.4g}, fitted in {found.seconds:.1f} s"
        return [
            Subheading(name),
            Code(found.model.equation()),
            Grid(["parameter", "value", "meaning"], rows, text_columns=(2,)),
            Paragraph(note, faint=True),
        ]


def _model_metrics(found: TableFit) -> dict[str, Any]:
    parameters = found.model.parameters().items()
    return {
        "loss": found.best_loss,
        "seconds": round(found.seconds, 2),
        "equation": found.model.equation(),
        "parameters": {key: {"value": value, "meaning": meaning} for key, (value, meaning) in parameters},
    }


def _finite(errors: dict[str, float]) -> dict[str, float | None]:
    """Errors as JSON can hold them."""
    return {name: value if np.isfinite(value) else None for name, value in errors.items()}
