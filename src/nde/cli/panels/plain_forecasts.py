"""The scores of plain methods on what came later."""

from typing import Any

import numpy as np

from nde.cli.panels.holdout import Holdout
from nde.cli.panels.trajectory_scores import Values, trajectory_scores
from nde.data.panel import TimeSeries
from nde.estimators import PanelForecaster

SEASONAL = "seasonal naive"
PLAIN = ("last value", "mean", "drift", SEASONAL)


def plain_scores(holdout: Holdout, train: TimeSeries) -> dict[str, dict[str, Any]]:
    """The scores of each plain method, by its name; of the seasonal one only if the series have a season."""
    found = {}
    for name in PLAIN:
        forecaster = PanelForecaster(methods=[name]).fit(train)
        if name != SEASONAL or any(forecaster.season_.values()):
            found[name] = trajectory_scores(holdout, forecasts(forecaster, holdout), train)
    return found


def forecasts(forecaster: PanelForecaster, holdout: Holdout) -> list[Values]:
    """The forecasts of what came later of each series."""
    return [forecast.median for forecast in forecaster.forecast_each(holdout.inputs, holdout.times)]


def coverage(forecaster: PanelForecaster, holdout: Holdout, level: int = 80) -> float:
    """The share of what came later that was within the intervals of a level."""
    inside = []
    for forecast, truth in zip(forecaster.forecast_each(holdout.inputs, holdout.times), holdout.truth, strict=True):
        lower, upper = forecast.intervals[level]
        known = ~np.isnan(truth)
        inside.append(((lower <= truth) & (truth <= upper))[known])
    return float(np.mean(np.concatenate(inside)))
