"""How good a model with noise is."""

import dataclasses
from collections.abc import Mapping

import jax
import numpy as np

from nde.data import Fan, Table
from nde.models import AbstractSDEModel
from nde.train import RowScores, SDEFit, coverage, row_scores


@dataclasses.dataclass(frozen=True)
class Verdict:
    """How good a model with noise is.

    Attributes:
        model: The model.
        fit: How it was fitted; none for the random walk.
        fitted: The mean log density of a value in the rows fitted, given those before.
        held: The same in the rows held out; `nan` without any.
        aic: Akaike's criterion; none for networks.
        coverage: The share of the values within the bands, `ahead` of one row among those fitted and among those held
            out, and of the `fan` from the last row fitted.
        ahead: What each row's past let expect, for each series.
        fans: What was expected of the rows held out, for each series; empty without any.
    """

    model: AbstractSDEModel
    fit: SDEFit | None
    fitted: float
    held: float
    aic: float | None
    coverage: dict[str, dict[str, float]]
    ahead: list[Fan]
    fans: list[Fan]

    def merit(self) -> float:
        """What the best model has most of: density of the rows held out; without any, less of Akaike's criterion."""
        if np.isfinite(self.held):
            return self.held
        return -np.inf if self.aic is None else -self.aic


def verdict(
    model: AbstractSDEModel,
    fit: SDEFit | None,
    tables: Mapping[str, Table],
    fitted: Mapping[str, Table],
    held: Mapping[str, Table],
    *,
    seed: int,
) -> Verdict:
    """Judges a model.

    Args:
        model: The model.
        fit: How it was fitted, if it was.
        tables: All measurements of each series.
        fitted: The rows fitted.
        held: The rows held out; empty without any.
        seed: For the paths of fans.
    """
    every, before, after = (list(each.values()) for each in (tables, fitted, held))
    first = [slice(None, len(t.ts)) for t in before]
    rest = [slice(len(t.ts), None) for t in before]
    scores = row_scores(model, every, substeps=1 if fit is None else fit.substeps)
    total, values = _summed(scores, first)
    later, later_values = _summed(scores, rest)
    one, two = jax.random.split(jax.random.key(seed))
    ahead = model.ahead(every, key=one)
    fans = model.fan(before, [t.ts for t in after], key=two) if after else []
    covered = {"ahead, fitted": coverage(before, [f.at(r) for f, r in zip(ahead, first, strict=True)])}
    if after:
        covered["ahead, held out"] = coverage(after, [f.at(r) for f, r in zip(ahead, rest, strict=True)])
        covered["fan, held out"] = coverage(after, fans)
    numbers = len(model.natural())
    return Verdict(
        model=model,
        fit=fit,
        fitted=total / max(1, values),
        held=later / later_values if later_values else float("nan"),
        aic=2 * numbers - 2 * total if numbers else None,
        coverage=covered,
        ahead=ahead,
        fans=fans,
    )


def _summed(scores: list[RowScores], rows: list[slice]) -> tuple[float, int]:
    """The log density of some rows of each series, and of how many values it is."""
    chosen = list(zip(scores, rows, strict=True))
    return sum(float(s.log_densities[r].sum()) for s, r in chosen), sum(int(s.values[r].sum()) for s, r in chosen)
