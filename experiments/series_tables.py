"""Classes and numbers of series of public tables, beside plain methods on summary features and MiniRocket."""

import dataclasses
import json
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from experiments.series_tables_data import SeriesTable, series_tables
from experiments.series_tables_methods import methods, resampled
from experiments.series_tables_report import OURS, ROCKET, Row, picture, report
from nde.estimators.summary import summary_features

SEEDS = 5
_CHECKPOINTS = Path("runs/series_tables")
"""Trained networks are kept here, so that another rule for the mixture can be tried without training again."""
_TEST = 0.25
_LEAST = 1e-7


def run(folder: Path, quick: bool, seeds: int = SEEDS) -> None:
    """Fit all methods to all tables, and write the numbers, the table and the plot.

    Rows that are in the file of numbers already are not computed again.

    Args:
        folder: Where to write.
        quick: Whether to do with two tables and one split.
        seeds: The number of random splits.
    """
    file = folder / "series_tables.json"
    known = [Row(**row) for row in json.loads(file.read_text())] if file.exists() else []
    done = {(row.table, row.seed) for row in known}
    tables = series_tables()[:2] if quick else series_tables()
    for seed in range(1 if quick else seeds):
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
    for name, model in methods(table.classes, seed, _CHECKPOINTS / f"{table.name}, {seed}").items():
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
