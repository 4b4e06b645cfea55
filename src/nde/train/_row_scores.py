"""How well a model with noise expected each row."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from nde.data import Fan, Table
from nde.train.likelihood import log_densities
from nde.train.protocol import Stochastic
from nde.train.transitions import Transitions


@dataclasses.dataclass(frozen=True)
class RowScores:
    """For each row of a table how likely its values were, given those before.

    Attributes:
        log_densities: The logarithm of the density, in units of the data (or of its root, where a model takes roots).
        values: Of how many values it is; none in a first row.

    Example:
        See `row_scores`.
    """

    log_densities: Float[np.ndarray, " rows"]
    values: Int[np.ndarray, " rows"]


def row_scores(model: Stochastic, tables: Sequence[Table], *, substeps: int) -> list[RowScores]:
    """How likely the values in each row were, given the measurements before, one step ahead.

    Args:
        model: With noise.
        tables: One for each series.
        substeps: Euler's steps between two measurements.

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
    found, first = [], 0
    for table, pairs in zip(tables, parts, strict=True):
        rows, last = len(table.ts), first + len(pairs.gaps)
        slopes = np.where(pairs.known, model.scaling.log_slope(table.ys[pairs.second]), 0.0).sum(axis=1)
        total = np.bincount(pairs.second, densities[first:last] + slopes, minlength=rows)
        values = np.bincount(pairs.second, pairs.known.sum(axis=1), minlength=rows).astype(int)
        found.append(RowScores(total.astype(np.float64), values))
        first = last
    return found


def coverage(tables: Sequence[Table], fans: Sequence[Fan]) -> dict[str, float]:
    """The share of the values measured that lie within each band, `50 %` and `90 %`; `nan` if there are none.

    Args:
        tables: One for each series.
        fans: For each what was expected, at the same times.

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
