"""Classes and numbers of series of public tables, beside plain methods on summary features and MiniRocket."""

import dataclasses
import json
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegressionCV, RidgeCV
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from experiments.series_tables_data import SeriesTable, series_tables
from nde.data.panel import TimeSeries
from nde.estimators import NeuralCDEClassifier, NeuralCDERegressor
from nde.estimators.summary import summary_features
from nde.plot.style import COLORS, INK, style_axes

SEEDS = 5
OURS, ROCKET = "nde", "MiniRocket"
_TEST = 0.25
_LEAST = 1e-7
_STRENGTHS: Any = np.logspace(-4, 2, 7)
_ROCKET_STRENGTHS: Any = np.logspace(-6, 0, 5)
_GRID = 32
"""Times to which series are interpolated for MiniRocket."""


@dataclasses.dataclass(frozen=True)
class Row:
    """The scores of a method on a random quarter of a table.

    Attributes:
        table: The table.
        seed: The seed of the split.
        method: The method.
        loss: The log loss, or the root mean squared error.
        accuracy: The accuracy, for classes.
        shares: Of what our prediction is a mixture.
        seconds: How long the fit took.
    """

    table: str
    seed: int
    method: str
    loss: float
    accuracy: float | None
    shares: Mapping[str, float] | None
    seconds: float


def run(folder: Path, quick: bool) -> None:
    """Fit all methods to all tables, and write the numbers, the table and the plot.

    Rows that are in the file of numbers already are not computed again.
    """
    file = folder / "series_tables.json"
    known = [Row(**row) for row in json.loads(file.read_text())] if file.exists() else []
    done = {(row.table, row.seed) for row in known}
    tables = series_tables()[:2] if quick else series_tables()
    for seed in range(1 if quick else SEEDS):
        for table in tables:
            if (table.name, seed) in done:
                continue
            rows = measure(table, seed)
            known += rows
            file.write_text(json.dumps([dataclasses.asdict(row) for row in known], indent=1) + "\n")
            print(table.name, seed, {row.method: round(row.loss, 3) for row in rows}, flush=True)
    (folder / "series_tables.md").write_text(report(known), encoding="utf-8")
    picture(known).savefig(folder / "series_tables.png")


def measure(table: SeriesTable, seed: int) -> list[Row]:
    """Fit all methods to three quarters of a table, and score them on the rest."""
    panel, targets = table.panel, np.asarray(table.panel.targets)
    train, test = train_test_split(
        np.arange(len(targets)), test_size=_TEST, random_state=seed, stratify=targets if table.classes else None
    )
    inputs = {OURS: panel, ROCKET: resampled(panel)}
    rows = []
    for name, model in methods(table.classes, seed).items():
        x, start = inputs.get(name, summary_features(panel)), time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(x[train], targets[train])
            loss, accuracy = score(model, x[test], targets[test], table.classes)
        shares = model.shares_ if name == OURS else None
        rows.append(Row(table.name, seed, name, loss, accuracy, shares, time.perf_counter() - start))
    return rows


def score(model: Any, x: Any, truth: np.ndarray, classes: bool) -> tuple[float, float | None]:
    """Log loss and accuracy, or the root mean squared error."""
    if not classes:
        return float(np.sqrt(np.mean((np.ravel(model.predict(x)) - truth) ** 2))), None
    chances = np.clip(model.predict_proba(x), _LEAST, 1.0)
    chances /= chances.sum(axis=1, keepdims=True)
    right = model.classes_[chances.argmax(axis=1)] == truth
    return float(log_loss(truth, chances, labels=model.classes_)), float(right.mean())


def methods(classes: bool, seed: int) -> dict[str, Any]:
    """All methods, ours with its defaults; MiniRocket only if `aeon` is installed."""
    if classes:
        linear = LogisticRegressionCV(Cs=_STRENGTHS, scoring="neg_log_loss", cv=3, max_iter=1000)
        found = {
            OURS: NeuralCDEClassifier(random_state=seed, progress=False),
            "constant": DummyClassifier(strategy="prior"),
            "linear": on_summaries(linear),
            "forest": on_summaries(RandomForestClassifier(500, random_state=seed)),
            "boosting": HistGradientBoostingClassifier(random_state=seed),
        }
    else:
        found = {
            OURS: NeuralCDERegressor(random_state=seed, progress=False),
            "constant": DummyRegressor(),
            "linear": on_summaries(RidgeCV(np.logspace(-3, 4, 15))),
            "forest": on_summaries(RandomForestRegressor(500, random_state=seed)),
            "boosting": HistGradientBoostingRegressor(random_state=seed),
        }
    return found | rocket(classes, seed)


def on_summaries(model: Any) -> Any:
    """A method on standardized summary features; what is missing is the mean."""
    return make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler(), model)


def rocket(classes: bool, seed: int) -> dict[str, Any]:
    """MiniRocket with a linear model, if `aeon` is installed."""
    try:
        from aeon.transformations.collection.convolution_based import (  # noqa: PLC0415  # pyright: ignore[reportMissingImports]
            MiniRocket,
        )
    except ImportError:
        return {}
    linear = RidgeCV(np.logspace(-1, 5, 10))
    if classes:
        linear = LogisticRegressionCV(Cs=_ROCKET_STRENGTHS, scoring="neg_log_loss", cv=3, max_iter=200)
    return {ROCKET: make_pipeline(MiniRocket(random_state=seed, n_jobs=1), StandardScaler(with_mean=False), linear)}


def resampled(panel: TimeSeries) -> Float[np.ndarray, "series channels times"]:
    """The channels at equally many times, from the first row to the last; zero if never observed."""
    values = np.zeros((len(panel), len(panel.channels), _GRID))
    for place, series in enumerate(panel):
        times = np.linspace(series.ts[0], series.ts[-1], _GRID)
        for channel, own in enumerate(series.ys.T):
            known = ~np.isnan(own)
            if known.any():
                values[place, channel] = np.interp(times, series.ts[known], own[known])
    return values


def means(rows: Sequence[Row], table: str) -> dict[str, tuple[float, float | None]]:
    """The mean loss and accuracy of each method on a table."""
    found = {}
    for method in dict.fromkeys(row.method for row in rows):
        own = [row for row in rows if (row.table, row.method) == (table, method)]
        if own:
            accuracies = [row.accuracy for row in own if row.accuracy is not None]
            accuracy = float(np.mean(accuracies)) if accuracies else None
            found[method] = float(np.mean([row.loss for row in own])), accuracy
    return found


def report(rows: Sequence[Row]) -> str:
    """The table, one line for each data set: means over the splits."""
    others = [name for name in dict.fromkeys(row.method for row in rows) if name != OURS]
    seeds = len({row.seed for row in rows})
    lines = [
        "# Classes and numbers of series of public tables",
        "",
        f"Log loss (and accuracy in percent) for classes, RMSE for numbers: means over {seeds} random splits, a "
        "quarter of the series for the test. *nde* is `NeuralCDEClassifier` or `NeuralCDERegressor` with the "
        "defaults; its network has the share in the last column. The others but MiniRocket see summary features. "
        "*Ratio* is the loss of nde over that of the other method that turned out best.",
        "",
        f"| table | {OURS} | {' | '.join(others)} | ratio | share of the network |",
        f"| --- | --- | {'--- | ' * len(others)}--- | --- |",
    ]
    ratios = []
    for table in dict.fromkeys(row.table for row in rows):
        found = means(rows, table)
        ratios.append(found[OURS][0] / min(found[name][0] for name in others if name in found))
        cells = [cell(found.get(name)) for name in (OURS, *others)]
        own = [next(iter(row.shares.values())) for row in rows if row.table == table and row.shares]
        lines.append(f"| {table} | {' | '.join(cells)} | {ratios[-1]:.2f} | {100 * np.mean(own):.0f}% |")
    mean = np.exp(np.mean(np.log(ratios)))
    lines.append(f"| geometric mean | {'| ' * (len(others) + 1)}| {mean:.2f} | |")
    return "\n".join(lines) + "\n"


def cell(scores: tuple[float, float | None] | None) -> str:
    """Loss and accuracy."""
    if scores is None:
        return ""
    loss, accuracy = scores
    return f"{loss:.3g}" if accuracy is None else f"{loss:.3f} ({100 * accuracy:.0f})"


def picture(rows: Sequence[Row]) -> Figure:
    """The loss of nde over that of each other method, for each table."""
    tables = list(dict.fromkeys(row.table for row in rows))
    found = [means(rows, table) for table in tables]
    others = [name for name in dict.fromkeys(row.method for row in rows) if name != OURS]
    figure = Figure(figsize=(8.0, 1.4 + 0.26 * len(tables)), layout="constrained", dpi=120)
    axes = figure.subplots()
    style_axes(axes)
    for place, name in enumerate(others):
        points = [(each[OURS][0] / each[name][0], row) for row, each in enumerate(found) if name in each]
        axes.plot(*zip(*points, strict=True), "os^Dv"[place % 5], color=COLORS[place % len(COLORS)], label=name)
    axes.axvline(1.0, color=INK, linewidth=0.8)
    axes.set_xscale("log")
    axes.set_yticks(range(len(tables)), tables)
    axes.invert_yaxis()
    axes.set_xlabel("loss of nde over that of the other method")
    axes.legend(frameon=False, fontsize=8.5, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=5)
    return figure
