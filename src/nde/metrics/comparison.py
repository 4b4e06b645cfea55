"""Tables of scores and statistics."""

import dataclasses
from typing import Any

import numpy as np

from nde.metrics.estimate import Estimate


@dataclasses.dataclass(frozen=True)
class Score:
    """One row of a `Comparison`: a score of generated series.

    Attributes:
        name: Name of the score.
        estimate: The score and its confidence interval.
        best: The expected score if generated and real series had the same distribution.
        p_value: P-value of the permutation test, if the score is a distance.

    Example:
        See `compare_series`.
    """

    name: str
    estimate: Estimate
    best: float
    p_value: float | None = None


@dataclasses.dataclass(frozen=True)
class Statistic:
    """One row of a `Comparison`: a statistic of real and of generated series.

    Attributes:
        name: Name of the statistic.
        real: Its estimate for real series.
        fake: Its estimate for generated series.

    Example:
        See `compare_series`.
    """

    name: str
    real: Estimate
    fake: Estimate


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Result of `compare_series`: all scores and statistics of generated series.

    Attributes:
        scores: Scores of how close the generated series are to the real ones.
        statistics: Statistics of both, side by side.

    Example:
        See `compare_series`.
    """

    scores: tuple[Score, ...]
    statistics: tuple[Statistic, ...]

    def to_markdown(self) -> str:
        """Format as two Markdown tables."""
        lines = ["| score | generated | best | p |", "| --- | --- | --- | --- |"]
        for score in self.scores:
            p = "—" if score.p_value is None else f"{score.p_value:.3f}"
            lines.append(f"| {score.name} | {score.estimate} | {score.best:.3g} | {p} |")
        lines += ["", "| | real | generated |", "| --- | --- | --- |"]
        lines += [f"| {each.name} | {each.real} | {each.fake} |" for each in self.statistics]
        return "\n".join(lines) + "\n"

    def to_dict(self) -> dict[str, Any]:
        """Convert to a dictionary of lists and numbers, for JSON."""
        return {
            "scores": [
                {"name": s.name, **_numbers(s.estimate), "best": s.best, "p_value": s.p_value} for s in self.scores
            ],
            "statistics": [
                {"name": s.name, "real": _numbers(s.real), "fake": _numbers(s.fake)} for s in self.statistics
            ],
        }

    __str__ = to_markdown


def _numbers(estimate: Estimate) -> dict[str, Any]:
    return {name: np.asarray(getattr(estimate, name)).tolist() for name in ("value", "low", "high")}
