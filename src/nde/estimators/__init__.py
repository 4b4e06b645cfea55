"""Estimators with scikit-learn's interface: models and their training in one object."""

from nde.core.extras import require_for_room

require_for_room("estimators")

from nde.data import as_panel
from nde.estimators.flow_density import FlowDensity
from nde.estimators.forecasting import ColumnScore, Forecast, Forecaster, MethodScore
from nde.estimators.implicit import ImplicitClassifier, ImplicitRegressor
from nde.estimators.latent_ode_imputer import LatentODEImputer
from nde.estimators.neural_cde import NeuralCDEClassifier, NeuralCDERegressor
from nde.estimators.neural_ode_forecaster import NeuralODEForecaster
from nde.estimators.panels.panel_forecaster import PanelForecaster
from nde.estimators.panels.panel_imputer import PanelImputer
from nde.estimators.registry import load_estimator
from nde.estimators.series_generator import SeriesGenerator
from nde.estimators.supervised_rows import Equilibrium

__all__ = [
    "ColumnScore",
    "Equilibrium",
    "FlowDensity",
    "Forecast",
    "Forecaster",
    "ImplicitClassifier",
    "ImplicitRegressor",
    "LatentODEImputer",
    "MethodScore",
    "NeuralCDEClassifier",
    "NeuralCDERegressor",
    "NeuralODEForecaster",
    "PanelForecaster",
    "PanelImputer",
    "SeriesGenerator",
    "as_panel",
    "load_estimator",
]
