"""Series of which a target is predicted."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from nde.cli.panels.config import SIZES
from nde.cli.panels.subject import AbstractSubject
from nde.cli.panels.task import COMMON_OPTIONS
from nde.cli.report import Paragraph, Picture, Section
from nde.data.panel import TimeSeries
from nde.estimators import NeuralCDEClassifier, NeuralCDERegressor
from nde.estimators.summary import summary_features
from nde.models.registry import SERIES_MODELS

READINGS = "readings.png"
SERIES_OPTIONS = COMMON_OPTIONS | {"target", "task", "static"}
"""The options of `nde fit` for a target of series."""


def series_sizes(model: str) -> frozenset[str]:
    """The options for the size of the state of a model, and those of the networks that it has."""
    return frozenset({"hidden"} | ({*SIZES} & {*SERIES_MODELS[model].sizes}))


class SeriesSubject(AbstractSubject):
    """Series, shown with predictions while the model reads them."""

    one = every = "series"
    linear = "summaries of each channel: mean, standard deviation, extremes, first and last value, slope and count"

    def classifier(self, model: str, **settings: Any) -> Any:
        """The classifier."""
        return NeuralCDEClassifier(model=model, **settings)

    def regressor(self, model: str, **settings: Any) -> Any:
        """The regressor."""
        return NeuralCDERegressor(model=model, **settings)

    def features(self, samples: TimeSeries) -> Float[np.ndarray, "series features"]:
        """Summaries of each channel."""
        return summary_features(samples)

    def examine(self, result: Any) -> None:
        """Nothing."""
        del result

    def metrics(self, found: None) -> Mapping[str, Any]:
        """Nothing."""
        del found
        return {}

    def figures(self, result: Any, found: None) -> dict[str, Figure]:
        """Predictions for some series while the model reads them."""
        del found
        return {READINGS: result.reading_figure()}

    def sections(self, result: Any, found: None) -> Sequence[Section]:
        """Predictions for some series while the model reads them."""
        del found
        note = (
            f"{result.reading_note()} Above are the observations, below the prediction of the model when it has read "
            "the series up to that time."
        )
        picture = Picture(READINGS, "series, and the predictions for them while they are read")
        return [Section("Predictions while reading", [Paragraph(note), picture])]
