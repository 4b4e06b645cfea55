"""The methods that are compared on tables of series: ours, plain methods on summary features, and MiniRocket."""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegressionCV, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from experiments.series_tables_report import OURS, ROCKET
from nde.data.panel import TimeSeries
from nde.estimators import NeuralCDEClassifier, NeuralCDERegressor

_STRENGTHS: Any = np.logspace(-4, 2, 7)
_ROCKET_STRENGTHS: Any = np.logspace(-6, 0, 5)
_GRID = 32
"""Times to which series are interpolated for MiniRocket."""


def methods(classes: bool, seed: int, checkpoints: Path) -> dict[str, Any]:
    """All methods, ours with its defaults; MiniRocket only if `aeon` is installed.

    Args:
        classes: Whether classes are predicted, or numbers.
        seed: The seed of all methods.
        checkpoints: Where our method keeps its trained network.
    """
    ours: dict[str, Any] = {"random_state": seed, "progress": False, "checkpoint_dir": checkpoints}
    if classes:
        linear = LogisticRegressionCV(Cs=_STRENGTHS, scoring="neg_log_loss", cv=3, max_iter=1000)
        found = {
            OURS: NeuralCDEClassifier(**ours),
            "constant": DummyClassifier(strategy="prior"),
            "linear": on_summaries(linear),
            "forest": on_summaries(RandomForestClassifier(500, random_state=seed)),
            "boosting": HistGradientBoostingClassifier(random_state=seed),
        }
    else:
        found = {
            OURS: NeuralCDERegressor(**ours),
            "constant": DummyRegressor(),
            "linear": on_summaries(RidgeCV(np.logspace(-3, 4, 15))),
            "forest": on_summaries(RandomForestRegressor(500, random_state=seed)),
            "boosting": HistGradientBoostingRegressor(random_state=seed),
        }
    return found | rocket(classes, seed)


def on_summaries(model: Any) -> Any:
    """A method on standardized summary features; what is missing is the mean."""
    return make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler(), model)


def rocket(classes: bool, seed: int) -> dict[str, Any]:
    """MiniRocket with a linear model, if `aeon` is installed."""
    try:
        from aeon.transformations.collection.convolution_based import (  # noqa: PLC0415  # pyright: ignore[reportMissingImports]
            MiniRocket,
        )
    except ImportError:
        return {}
    linear = RidgeCV(np.logspace(-1, 5, 10))
    if classes:
        linear = LogisticRegressionCV(Cs=_ROCKET_STRENGTHS, scoring="neg_log_loss", cv=3, max_iter=200)
    return {ROCKET: make_pipeline(MiniRocket(random_state=seed, n_jobs=1), StandardScaler(with_mean=False), linear)}


def resampled(panel: TimeSeries) -> Float[np.ndarray, "series channels times"]:
    """The channels at equally many times, from the first row to the last; zero if never observed."""
    values = np.zeros((len(panel), len(panel.channels), _GRID))
    for place, series in enumerate(panel):
        times = np.linspace(series.ts[0], series.ts[-1], _GRID)
        for channel, own in enumerate(series.ys.T):
            known = ~np.isnan(own)
            if known.any():
                values[place, channel] = np.interp(times, series.ts[known], own[known])
    return values
