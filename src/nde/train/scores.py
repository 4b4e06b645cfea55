"""Score forecasts, and the baselines to compare them with."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from nde.data import Fan, Table
from nde.train.likelihood import log_densities
from nde.train.protocol import Stochastic
from nde.train.transitions import Transitions


def persistence(table: Table, ts: Float[np.ndarray, " times"]) -> Float[np.ndarray, "times columns"]:
    """Baseline forecast that repeats the last observed value of each column.

    Args:
        table: The observations.
        ts: Times of the forecast, in the units of the table.

    Returns:
        The forecast, in the units of the table.

    Example:
        ```python
        import numpy as np
        from nde.data import load_lynx_hare
        from nde.train import persistence

        print(persistence(load_lynx_hare(), np.array([1921.0])))
        ```
    """
    last = [column[~np.isnan(column)][-1] for column in table.ys.T]
    return np.tile(last, (len(ts), 1))


def mean(table: Table, ts: Float[np.ndarray, " times"]) -> Float[np.ndarray, "times columns"]:
    """Baseline forecast that repeats the mean of the observed values of each column.

    Args:
        table: The observations.
        ts: Times of the forecast, in the units of the table.

    Returns:
        The forecast, in the units of the table.

    Example:
        ```python
        import numpy as np
        from nde.data import load_lynx_hare
        from nde.train import mean

        print(mean(load_lynx_hare(), np.array([1921.0])))
        ```
    """
    return np.tile(np.nanmean(table.ys, axis=0), (len(ts), 1))


def rmse(table: Table, forecast: Float[np.ndarray, "rows columns"]) -> dict[str, float]:
    """Root mean squared error of each column in its own unit, and of `all` columns together.

    Missing values do not count. A column without an observed value has the error `nan`; so does `all` if there is none.

    Args:
        table: The observations.
        forecast: Predictions at the times of the table, in its units.

    Returns:
        The errors by the names of the columns, and that of all columns under the name `all`.

    Example:
        ```python
        from nde.data import load_lynx_hare
        from nde.train import mean, rmse

        table = load_lynx_hare()
        print(rmse(table, mean(table, table.ts)))
        ```
    """
    squares = (np.asarray(forecast, np.float64) - table.ys) ** 2
    columns = {name: _root_mean(column) for name, column in zip(table.names, squares.T, strict=True)}
    return {**columns, "all": _root_mean(squares)}


def _root_mean(squares: Float[np.ndarray, "..."]) -> float:
    known = squares[~np.isnan(squares)]
    return float(np.sqrt(known.mean())) if known.size else float("nan")


@dataclasses.dataclass(frozen=True)
class RowScores:
    """The log-density of each row of a table, given the rows before it.

    Attributes:
        log_densities: The log-density of the row's values, in units of the data (or of their square roots, if the model
            is one of square roots).
        values: The number of values that were scored; 0 in the first row.

    Example:
        See `row_scores`.
    """

    log_densities: Float[np.ndarray, " rows"]
    values: Int[np.ndarray, " rows"]


def row_scores(model: Stochastic, tables: Sequence[Table], *, substeps: int) -> list[RowScores]:
    """Compute the one-step-ahead log-density of each row, given the measurements before it.

    Args:
        model: A stochastic model.
        tables: One table for each series.
        substeps: Euler steps between two measurements.

    Example:
        ```python
        from nde.data import load_sunspots
        from nde.models import RandomWalk
        from nde.train import row_scores

        model = RandomWalk.from_tables([load_sunspots()], "root")
        (scores,) = row_scores(model, [load_sunspots()], substeps=1)
        print(scores.log_densities.sum() / scores.values.sum())
        ```
    """
    parts = [Transitions.of([t], model.scaling, coupled=model.coupled, strict=False) for t in tables]
    densities = log_densities(model, Transitions.joined(parts), substeps=substeps)
    scores, first = [], 0
    for table, pairs in zip(tables, parts, strict=True):
        rows, last = len(table.ts), first + len(pairs.gaps)
        slopes = np.where(pairs.known, model.scaling.log_slope(table.ys[pairs.second]), 0.0).sum(axis=1)
        total = np.bincount(pairs.second, densities[first:last] + slopes, minlength=rows)
        values = np.bincount(pairs.second, pairs.known.sum(axis=1), minlength=rows).astype(int)
        scores.append(RowScores(total.astype(np.float64), values))
        first = last
    return scores


def coverage(tables: Sequence[Table], fans: Sequence[Fan]) -> dict[str, float]:
    """Share of the observed values that lie within each prediction band, by band: `50%` and `90%`.

    The share is `nan` if there are no values.

    Args:
        tables: One table for each series.
        fans: The predictions for each table, at the same times.

    Example:
        ```python
        import jax
        from nde.data import load_sunspots
        from nde.models import RandomWalk
        from nde.train import coverage

        table = load_sunspots()
        model = RandomWalk.from_tables([table], "root")
        print(coverage([table], model.ahead([table], key=jax.random.key(0))))
        ```
    """
    inside: dict[str, list[np.ndarray]] = {}
    for table, fan in zip(tables, fans, strict=True):
        for name, (low, high) in fan.bands.items():
            counts = ~np.isnan(table.ys) & ~np.isnan(low)
            inside.setdefault(name, []).append(((low <= table.ys) & (table.ys <= high))[counts])
    shares = {name: np.concatenate(each) for name, each in inside.items()}
    return {name: float(each.mean()) if each.size else float("nan") for name, each in shares.items()}
