"""All estimators."""

from pathlib import Path
from typing import Any

from nde.estimators.flow_density import FlowDensity
from nde.estimators.implicit import ImplicitClassifier, ImplicitRegressor
from nde.estimators.latent_ode_imputer import LatentODEImputer
from nde.estimators.neural_cde import NeuralCDEClassifier, NeuralCDERegressor
from nde.estimators.neural_ode_forecaster import NeuralODEForecaster
from nde.estimators.panels.panel_forecaster import PanelForecaster
from nde.estimators.panels.panel_imputer import PanelImputer
from nde.estimators.saving import read
from nde.estimators.series_generator import SeriesGenerator

ESTIMATORS: dict[str, Any] = {
    estimator.__name__: estimator
    for estimator in (
        FlowDensity,
        ImplicitClassifier,
        ImplicitRegressor,
        LatentODEImputer,
        NeuralCDEClassifier,
        NeuralCDERegressor,
        NeuralODEForecaster,
        PanelForecaster,
        PanelImputer,
        SeriesGenerator,
    )
}
"""All estimators, by the names that they have in saved folders."""


def load_estimator(folder: str | Path) -> Any:
    """Load a saved estimator, which then predicts the same.

    Args:
        folder: The folder that was passed to `save`.

    Returns:
        The fitted estimator.

    Raises:
        DataError: If the folder has no saved estimator, or it cannot be read.

    Example:
        ```python
        import tempfile
        import numpy as np
        from nde.estimators import NeuralCDEClassifier, load_estimator

        classifier = NeuralCDEClassifier(max_iter=1, random_state=0).fit(np.eye(4), [0, 0, 1, 1])
        with tempfile.TemporaryDirectory() as folder:
            classifier.save(folder)
            print(load_estimator(folder).predict(np.eye(4)))
        ```
    """
    return read(folder, ESTIMATORS)
