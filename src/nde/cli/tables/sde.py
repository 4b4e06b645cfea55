"""Fit stochastic differential equations to a table, and forecast its distribution."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from nde.cli.cells import check_finite, rounded, time_texts
from nde.cli.console import progress_bar
from nde.cli.files import csv_text
from nde.cli.tables.config import TableConfig, TableData, Tables
from nde.cli.tables.query import check_table_metrics, query_model, query_times, run_clock
from nde.cli.tables.sde_evaluation import Evaluation, evaluate_sde
from nde.cli.tables.sde_result import WALK, SDEResult
from nde.cli.tables.task import AbstractTableTask, read_tables, refuse_forecast_options
from nde.cli.task import Predictions, Query
from nde.data import LEVELS, DataError, Series, Table
from nde.models import SDE_MODELS, AbstractSDEModel, GeometricBrownianMotion, RandomWalk
from nde.models.scaling import Transform, check_transform
from nde.train import SDEFit, fit_sde

ALL = "sde"
"""The name for all models that suit the data."""
STEPS = 500
"""Most training steps of a model."""


class SDETask(AbstractTableTask[Tables, TableData]):
    """Fit stochastic differential equations to one series or several."""

    name = "sde"
    option = "--state"
    options = frozenset({"time", "state", "series", "model", "transform", "holdout", "seed", "steps"})
    models = (ALL, *SDE_MODELS)
    default = ALL

    def check(self, config: TableConfig) -> None:
        """Refuse options of forecasts."""
        refuse_forecast_options(config)

    def read(self, config: TableConfig) -> Tables:
        """Read the series."""
        return read_tables(config)

    def prepare(self, config: TableConfig, source: Tables) -> TableData:
        """Set the last rows of each series aside."""
        suitable_models(list(source.values()), config.models, config.transform or "none")
        return TableData.split(source, config.holdout)

    def fit(self, config: TableConfig, data: TableData, folder: Path | None) -> dict[str, SDEFit]:
        """Fit each model that suits the data."""
        del folder
        tables, transform = list(data.fitted.values()), config.transform or "none"
        names = suitable_models(list(data.tables.values()), config.models, transform)
        key = jax.random.key(config.seed)
        models = {name: SDE_MODELS[name].from_tables(tables, transform, key=key) for name in names}
        return {name: _fit(name, model, tables, config.steps or STEPS) for name, model in models.items()}

    def evaluate(self, config: TableConfig, data: TableData, model: dict[str, SDEFit]) -> SDEResult:
        """Compute densities and coverages, of a random walk as well."""
        evaluations: dict[str, Evaluation] = {
            name: evaluate_sde(found.model, found, data, seed=config.seed) for name, found in model.items()
        }
        best = max(evaluations, key=lambda name: evaluations[name].merit())
        walk = RandomWalk.from_tables(list(data.fitted.values()), config.transform or "none")
        evaluations[WALK] = evaluate_sde(walk, None, data, seed=config.seed)
        return SDEResult(config, config.steps or STEPS, data, evaluations, best)

    def check_metrics(self, metrics: dict[str, Any]) -> None:
        """Check that there are models."""
        check_table_metrics(metrics)

    def predict(self, folder: Path, metrics: dict[str, Any], query: Query) -> Predictions:
        """Compute quantiles at times, a row for each time of each series."""
        clock, model = run_clock(metrics), query_model(folder, metrics, query, AbstractSDEModel)
        times = query_times(query, metrics, clock)
        last = metrics["last"]
        tables = [
            Series(metrics["time"], model.names, np.array(each["times"], float), np.array(each["values"], float))
            for each in last.values()
        ]
        fans = model.fan(tables, [times] * len(tables), key=jax.random.key(metrics["seed"]))
        series = ["series"] if len(last) > 1 else []
        header = [*series, metrics["time"], *(f"{name} {100 * level:g}%" for name in model.names for level in LEVELS)]
        rows, texts = [], time_texts(clock, times)
        for name, fan in zip(last, fans, strict=True):
            check_finite(fan.quantiles.swapaxes(0, 1), texts)
            for i, text in enumerate(texts):
                numbers = [rounded(value, 9) for value in fan.quantiles[:, i].T.ravel()]
                rows.append([*([name] if series else []), text, *numbers])
        return Predictions(csv_text(header, rows))


def suitable_models(tables: Sequence[Table], models: Sequence[str], transform: Transform) -> list[str]:
    """The models to fit: those that suit the data, or those named.

    Raises:
        DataError: If the data have no such root or logarithm.
    """
    check_transform(tables, transform)
    geometric = GeometricBrownianMotion.key
    if ALL in models:
        positive = all((table.ys[~np.isnan(table.ys)] > 0).all() for table in tables)
        return [name for name in SDE_MODELS if name != geometric or (positive and transform != "root")]
    if geometric in models and transform == "root":
        raise DataError(f"The model {geometric} takes logarithms, not roots; take no --transform, or another --model.")
    if geometric in models:
        check_transform(tables, "log")
    return list(models)


def _fit(name: str, model: AbstractSDEModel, tables: list[Table], steps: int) -> SDEFit:
    with progress_bar(name, steps) as progress:
        return fit_sde(model, tables, steps=steps, progress=progress)
