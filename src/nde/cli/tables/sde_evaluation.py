"""Scores of a stochastic differential equation."""

import dataclasses

import jax
import numpy as np

from nde.cli.tables.config import TableData
from nde.data import Fan
from nde.models import AbstractSDEModel
from nde.train import RowScores, SDEFit, coverage, row_scores


@dataclasses.dataclass(frozen=True, eq=False)
class Evaluation:
    """The scores of a stochastic differential equation.

    Attributes:
        model: The model.
        fit: How it was fitted; none for the random walk.
        fitted: The mean log density of a value in the rows fitted, given those before.
        holdout: The same in the rows held out; `nan` without any.
        aic: Akaike's information criterion; none for neural networks.
        coverage: The share of the values within the bands: one row `ahead`, among those fitted and among those held
            out, and of the `fan` from the last row fitted.
        ahead: The distribution of each row given those before, for each series.
        fans: The distribution of the rows held out, for each series; empty without any.
    """

    model: AbstractSDEModel
    fit: SDEFit | None
    fitted: float
    holdout: float
    aic: float | None
    coverage: dict[str, dict[str, float]]
    ahead: list[Fan]
    fans: list[Fan]

    def merit(self) -> float:
        """What the best model has most of: density of the rows held out; without any, less of Akaike's criterion."""
        if np.isfinite(self.holdout):
            return self.holdout
        return -np.inf if self.aic is None else -self.aic


def evaluate_sde(model: AbstractSDEModel, fit: SDEFit | None, data: TableData, *, seed: int) -> Evaluation:
    """Compute the scores of a model.

    Args:
        model: The model.
        fit: How it was fitted, if it was.
        data: The rows fitted and those held out.
        seed: For the paths of fans.
    """
    every, before, after = (list(each.values()) for each in (data.tables, data.fitted, data.holdout))
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
    return Evaluation(
        model=model,
        fit=fit,
        fitted=total / max(1, values),
        holdout=later / later_values if later_values else float("nan"),
        aic=2 * numbers - 2 * total if numbers else None,
        coverage=covered,
        ahead=ahead,
        fans=fans,
    )


def _summed(scores: list[RowScores], rows: list[slice]) -> tuple[float, int]:
    """The log density of some rows of each series, and of how many values it is."""
    chosen = list(zip(scores, rows, strict=True))
    return sum(float(s.log_densities[r].sum()) for s, r in chosen), sum(int(s.values[r].sum()) for s, r in chosen)
