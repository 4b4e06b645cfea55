"""Who won: in the comparison that chose a method, and on the test."""

from typing import Any

import numpy as np

from nde.cli.panels.task import Scores
from nde.cli.report import Block, Grid, Paragraph, Subheading, number, percent
from nde.estimators import PanelForecaster, PanelImputer

_MOST_CHANNELS = 6


def comparison_blocks(estimator: Any, note: str) -> list[Block]:
    """A table for each of the first channels; nothing for an estimator that compares no methods.

    Args:
        estimator: The fitted estimator.
        note: How the methods were compared.
    """
    if not isinstance(estimator, PanelForecaster | PanelImputer):
        return []
    names = [name for name in estimator.channels_ if estimator.scores_[name]][:_MOST_CHANNELS]
    blocks: list[Block] = []
    for name in names:
        grid = _forecasts(estimator, name) if isinstance(estimator, PanelForecaster) else _gaps(estimator, name)
        blocks += [Subheading(name), grid]
    return [*blocks, Paragraph(note, faint=True)]


def _forecasts(forecaster: PanelForecaster, name: str) -> Grid:
    rows = [
        [s.name, number(s.error), number(s.mase), number(s.rmse), percent(s.coverage)] for s in forecaster.scores_[name]
    ]
    return Grid(["", "error", "MASE", "RMSE", "in 80% interval"], rows, best=forecaster.methods_[name], title=name)


def _gaps(imputer: PanelImputer, name: str) -> Grid:
    rows = [[score.name, number(score.error), number(score.rmse)] for score in imputer.scores_[name]]
    return Grid(["", "error", "RMSE"], rows, best=imputer.methods_[name], title=name)


def verdict(model: str, test: dict[str, Any], baselines: Scores) -> str:
    """Whether the model was better on the test than the best simple prediction, and by how much."""
    best = min(baselines, key=lambda name: baselines[name]["scaled_rmse"])
    ours, theirs = test["scaled_rmse"], baselines[best]["scaled_rmse"]
    if np.isclose(ours, theirs):
        return f"On the test, the RMSE of {model} is that of the best plain method, {best} ({number(ours)})."
    if not ours < theirs:
        name = best if "interpolation" in best else f"the {best} forecast"
        return f"On the test, {name} is better than every model here: RMSE {number(theirs)} standard deviations, " + (
            f"against {number(ours)} of {model}."
        )
    share = f"{1 - ours / theirs:.0%} below" if theirs > 0 else "below"
    return f"On the test, the RMSE of {model} is {share} that of the best plain method, {best}."
