"""A table of scores."""

import dataclasses
from typing import Any

import numpy as np

from nde.metrics.estimate import Estimate


@dataclasses.dataclass(frozen=True)
class Score:
    """One score of generated series.

    Attributes:
        name: What it is.
        estimate: The score and its interval.
        best: What it would be if nothing told generated series from real ones.
        p_value: The share of random deals that are as far apart, if it is a distance.

    Example:
        See `compare_series`.
    """

    name: str
    estimate: Estimate
    best: float
    p_value: float | None = None


@dataclasses.dataclass(frozen=True)
class Statistic:
    """One number that real and generated series have.

    Attributes:
        name: What it is.
        real: Of real series.
        fake: Of generated ones.

    Example:
        See `compare_series`.
    """

    name: str
    real: Estimate
    fake: Estimate


@dataclasses.dataclass(frozen=True)
class Comparison:
    """All scores of generated series.

    Attributes:
        scores: How far they are from real ones.
        statistics: Numbers of both, side by side.

    Example:
        See `compare_series`.
    """

    scores: tuple[Score, ...]
    statistics: tuple[Statistic, ...]

    def to_markdown(self) -> str:
        """Two tables."""
        lines = ["| score | generated | best | p |", "| --- | --- | --- | --- |"]
        for score in self.scores:
            p = "—" if score.p_value is None else f"{score.p_value:.3f}"
            lines.append(f"| {score.name} | {score.estimate} | {score.best:.3g} | {p} |")
        lines += ["", "| | real | generated |", "| --- | --- | --- |"]
        lines += [f"| {each.name} | {each.real} | {each.fake} |" for each in self.statistics]
        return "\n".join(lines) + "\n"

    def to_dict(self) -> dict[str, Any]:
        """All of it as lists and numbers, for a JSON file."""
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
