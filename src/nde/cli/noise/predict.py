"""Quantiles by the model of a run with noise."""

import csv
import io
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import Float

from nde.data import LEVELS, Fan, Series
from nde.models import AbstractSDEModel


def fans(model: AbstractSDEModel, metrics: dict[str, Any], ts: Float[np.ndarray, " times"]) -> dict[str, Fan]:
    """From the last row fitted of each series.

    Args:
        model: Of the run.
        metrics: As in `metrics.json`.
        ts: In the unit of the data.

    Raises:
        DataError: If a time is before such a row.
    """
    tables = [
        Series(metrics["time"], model.names, np.array(last["times"], float), np.array(last["values"], float))
        for last in metrics["last"].values()
    ]
    found = model.fan(tables, [ts] * len(tables), key=jax.random.key(metrics["seed"]))
    return dict(zip(metrics["last"], found, strict=True))


def lines(model: AbstractSDEModel, metrics: dict[str, Any], ts: Float[np.ndarray, " times"]) -> list[str]:
    """The lines of a CSV file, a row for each time of each series."""
    many = len(metrics["last"]) > 1
    heads = [f"{name} {100 * level:g}%" for name in model.names for level in LEVELS]
    told = [row([*(["series"] if many else []), metrics["time"], *heads])]
    for name, fan in fans(model, metrics, ts).items():
        for i, t in enumerate(ts):
            numbers = [f"{v:.9g}" for v in (t, *fan.quantiles[:, i].T.ravel())]
            told.append(row([*([name] if many else []), *numbers]))
    return told


def row(cells: Sequence[str]) -> str:
    """A line of a CSV file, with quotes where a name wants them."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()
