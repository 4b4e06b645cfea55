"""Fitted stochastic differential equations beside a random walk."""

import dataclasses
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from nde.cli.cells import exact, rounded
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
from nde.cli.tables.config import TableConfig, TableData
from nde.cli.tables.query import MODELS as FOLDER
from nde.cli.tables.sde_evaluation import Evaluation
from nde.cli.task import Result
from nde.data import LEVELS, Fan, Table
from nde.data.plural import pluralize
from nde.models import save_model
from nde.plot import plot_fan
from nde.train import fit_sde

_PLACES = {
    "ahead, fitted": "one row ahead, fitted",
    "ahead, held out": "one row ahead, held out",
    "fan, held out": "fan, held out",
}
"""The heads of coverages."""
_SCORES = "mean log density of a value given those before; coverage of the 50% / 90% band"
WALK = "random-walk"
"""The baseline."""
_CURVE, _PATHS = 60, 8000
"""Points of a fan in the plot, and paths behind it."""
_BEYOND = 0.2
"""The length of a fan, as a share of what was fitted, if nothing is held out."""
_SHOWN = 3
"""Series in the plot."""
_QUANTITIES = {
    "none": "the quantities",
    "root": "the square roots of the quantities",
    "log": "the logarithms of the quantities",
}


@dataclasses.dataclass(frozen=True)
class Parameter:
    """A number that was learned.

    Attributes:
        value: In units of the data.
        standard_error: Of the value; none if the data do not identify it.
        meaning: What it means.
        truth: Its true value, if that is known.
    """

    value: float
    standard_error: float | None
    meaning: str
    truth: float | None

    @property
    def distance(self) -> float | None:
        """The error in standard errors."""
        if self.truth is None or not self.standard_error:
            return None
        return (self.value - self.truth) / self.standard_error

    def metrics(self) -> dict[str, Any]:
        """What `metrics.json` holds."""
        content = {"value": self.value, "standard_error": self.standard_error, "meaning": self.meaning}
        return content if self.truth is None else {**content, "truth": self.truth, "distance": self.distance}


@dataclasses.dataclass(frozen=True, eq=False)
class SDEResult(Result):
    """Fitted stochastic differential equations, and their scores.

    Attributes:
        config: The options.
        steps: How many training steps a model may take.
        data: The measurements.
        evaluations: For each model, and the random walk at last.
        best: The model with the greatest merit.
    """

    config: TableConfig
    steps: int
    data: TableData
    evaluations: dict[str, Evaluation]
    best: str

    @property
    def models(self) -> dict[str, Evaluation]:
        """The evaluations without the random walk."""
        return {name: each for name, each in self.evaluations.items() if name != WALK}

    def parameters(self, name: str) -> dict[str, Parameter]:
        """Those of a model."""
        found = self.evaluations[name]
        errors = {} if found.fit is None else found.fit.standard_errors
        truth = self.config.truth if name == "sde-ou" else {}
        return {
            key: Parameter(value, errors.get(key), meaning, truth.get(key))
            for key, (value, meaning) in found.model.parameters().items()
        }

    def save(self, folder: Path) -> None:
        """Save the models."""
        for name, each in self.models.items():
            save_model(each.model, folder / FOLDER / name)

    def metrics(self) -> dict[str, Any]:
        """The content of `metrics.json`."""
        data = self.data
        return {
            "source": self.config.source,
            "time": data.time_name,
            "states": list(data.names),
            "transform": self.config.transform or "none",
            "series": list(data.fitted),
            **data.metrics(),
            "seed": self.config.seed,
            "steps": self.steps,
            "best": self.best,
            "models": {name: self._model_metrics(name) for name in self.models},
            "baselines": {WALK: self._model_metrics(WALK)},
            "last": {name: _last_rows(table) for name, table in data.fitted.items()},
        }

    def _model_metrics(self, name: str) -> dict[str, Any]:
        each = self.evaluations[name]
        content = {
            "log_density_fitted": _finite(each.fitted),
            "log_density_held_out": _finite(each.holdout),
            "aic": each.aic,
            "coverage": {place: {b: _finite(v) for b, v in shares.items()} for place, shares in each.coverage.items()},
            "equation": each.model.equation(),
            "parameters": {key: value.metrics() for key, value in self.parameters(name).items()},
        }
        fit = each.fit
        if fit is not None:
            content |= {"substeps": fit.substeps, "steps": len(fit.losses), "seconds": round(fit.seconds, 2)}
        return content

    def figures(self) -> dict[str, Figure]:
        """The fans of the best model, of the first few series."""
        data, fans = self.data, self._fans()
        every = dict(zip(data.fitted, self.evaluations[self.best].ahead, strict=True))
        ahead = {name: every[name].at(slice(None, len(data.fitted[name].ts))) for name in fans}
        return {"fan.png": plot_fan(data.fitted, data.holdout, ahead, fans)}

    def _fans(self) -> dict[str, Fan]:
        """Those from the last rows fitted on, fine enough for a plot."""
        data, shown, times = self.data, list(self.data.fitted)[:_SHOWN], []
        for name in shown:
            fitted, holdout = data.fitted[name], data.holdout.get(name)
            end = fitted.ts[-1] + _BEYOND * (fitted.ts[-1] - fitted.ts[0]) if holdout is None else holdout.ts[-1]
            times.append(np.linspace(fitted.ts[-1], end, _CURVE))
        model, key = self.evaluations[self.best].model, jax.random.key(self.config.seed)
        fans = model.fan([data.fitted[name] for name in shown], times, key=key, paths=_PATHS)
        return dict(zip(shown, fans, strict=True))

    def predictions(self) -> tuple[str, str]:
        """Measurements and quantiles: of each row fitted given those before, and then from the last of these."""
        data = self.data
        percent = [f"{100 * level:g}%" for level in LEVELS]
        heads = [f"{x} {p} ({model})" for model in self.models for x in data.names for p in percent]
        series = ["series"] if len(data.tables) > 1 else []
        return "predictions.csv", csv_text([*series, data.time_name, "held out", *data.names, *heads], self._rows())

    def _rows(self) -> Iterator[list[str]]:
        data, many = self.data, len(self.data.tables) > 1
        for i, (name, table) in enumerate(data.tables.items()):
            fitted = len(data.fitted[name].ts)
            quantiles = [_quantiles(each, i, fitted) for each in self.models.values()]
            for k, t in enumerate(data.texts(*table.ts)):
                values = np.concatenate([each[:, k].T.ravel() for each in quantiles])
                measured, quantiled = [exact(y) for y in table.ys[k]], [rounded(v, 9) for v in values]
                yield [*([name] if many else []), t, f"{int(k >= fitted)}", *measured, *quantiled]

    def summary(self) -> Sequence[str | Grid]:
        """The scores, the parameters, and the equation of the best model."""
        grids = [
            self._parameter_grid(name, meanings=False)
            for name, each in self.models.items()
            if each.fit is not None and each.fit.standard_errors
        ]
        return [self._score_grid(), *grids, f"\n{self.evaluations[self.best].model.equation()}"]

    def report(self, folder: Path) -> Report:
        """The report."""
        data, config = self.data, self.config
        times = ",".join(data.texts(data.fitted_to + 1, data.fitted_to + 2))
        states = ", ".join(data.names)
        count = len(data.tables)
        many = [Paragraph(f"There are {count} series; the first are shown.")] if count > 1 else []
        fan = (
            f"Forecast of the model {self.best}. The dark and light bands contain 50% and 90% of the simulated paths "
            "that start at the last training row; the gray band contains 90% of the distribution of each row given "
            "the one before."
        )
        scores = (
            f"The equations are Itô SDEs for {_QUANTITIES[config.transform or 'none']}. A score is the mean log "
            "density of a value given the measurements before: higher is better, and a model is useful only if it "
            "beats the random walk on rows that were not fitted. Coverage is the percentage of the values within the "
            "50% and 90% bands."
        )
        limits = (
            "Such a model depends only on the present value: one quantity alone does not tell whether it was rising or "
            "falling, so a fan cannot follow a cycle; it widens to the stationary distribution of the model. Standard "
            "errors are from the observed information, and hold for long records and a correctly specified model."
        )
        return Report(
            title=f"{states} over {data.time_name}, by stochastic differential equations",
            summary=data.summary(config.source),
            sections=[
                Section("Forecast", [*many, Paragraph(fan), Picture("fan.png", "measurements and quantiles")]),
                Section("Scores", [Paragraph(scores), self._score_grid()]),
                Section("Fitted models", [block for name in self.models for block in self._model_blocks(name)]),
                Section("Limits", [Paragraph(limits)]),
                *data_sections(data.notes),
                Section("Use the model", [Code(f"nde predict {folder} --times {shlex.quote(times)}")]),
                reference_section(fit_sde, list(self.models.values())),
            ],
            footer=(
                f"{versions('nde', 'jax', 'equinox')}; seed {config.seed}, at most "
                f"{pluralize(self.steps, 'training step')}."
            ),
        )

    def _score_grid(self) -> Grid:
        parts = ["fitted", "held out"] if self.data.holdout else ["fitted"]
        header = ["", *(f"score, {part}" for part in parts), "AIC"]
        header += [f"coverage (%), {_PLACES[place]}" for place in self.evaluations[self.best].coverage]
        rows = []
        for name, each in self.evaluations.items():
            densities = [_finite(value) for value in (each.fitted, each.holdout)][: len(parts)]
            cells = ["" if value is None else f"{value:.3f}" for value in densities]
            aic = "" if each.aic is None else f"{each.aic:.1f}"
            rows.append([name, *cells, aic, *(_percents(shares) for shares in each.coverage.values())])
        return Grid(header, rows, best=self.best, title=_SCORES)

    def _parameter_grid(self, name: str, *, meanings: bool = True) -> Grid:
        parameters, meaning = self.parameters(name), ["meaning"] if meanings else []
        known = any(each.truth is not None for each in parameters.values())
        truth, distance = (["truth"], ["distance"]) if known else ([], [])
        header = ["parameter", *truth, "estimate", "standard error", *distance, *meaning]
        rows = []
        for key, each in parameters.items():
            error = "not identified" if each.standard_error is None else f"± {each.standard_error:.2g}"
            true = [number(each.truth)] if known else []
            errors = ["" if each.distance is None else f"{each.distance:+.2f} s.e."] if known else []
            rows.append([key, *true, f"{each.value:.4g}", error, *errors, *([each.meaning] if meanings else [])])
        return Grid(header, rows, title=name, text_columns=(len(header) - 1,) if meanings else ())

    def _model_blocks(self, name: str) -> list[Block]:
        each = self.models[name]
        blocks: list[Block] = [Subheading(name), Code(each.model.equation())]
        if self.parameters(name):
            blocks.append(self._parameter_grid(name))
        if each.fit is not None:
            note = (
                f"fitted in {pluralize(len(each.fit.losses), 'training step')} and {each.fit.seconds:.1f} s, with "
                f"{pluralize(each.fit.substeps, 'Euler–Maruyama step')} from one measurement to the next"
            )
            blocks.append(Paragraph(note, faint=True))
        return blocks


def _percents(shares: dict[str, float]) -> str:
    """Shares from the narrowest band to the widest."""
    return " / ".join(f"{100 * share:.0f}" if np.isfinite(share) else "–" for share in reversed(shares.values()))


def _finite(value: float) -> float | None:
    """A number as JSON can hold it."""
    return value if np.isfinite(value) else None


def _last_rows(table: Table) -> dict[str, Any]:
    """The last rows, from which a fan can start: back to the last complete one, or the last value of each column."""
    known = ~np.isnan(table.ys)
    starts = [int(np.flatnonzero(each)[-1]) for each in (*known.T, known.all(axis=1)) if each.any()]
    first = min(*starts, len(table.ts) - 2)
    ys = [[_finite(float(y)) for y in row] for row in table.ys[first:]]
    return {"times": table.ts[first:].tolist(), "values": ys}


def _quantiles(evaluation: Evaluation, series: int, fitted: int) -> Float[np.ndarray, "levels rows columns"]:
    ahead = evaluation.ahead[series].quantiles[:, :fitted]
    if not evaluation.fans:
        return ahead
    return np.concatenate([ahead, evaluation.fans[series].quantiles], axis=1)
