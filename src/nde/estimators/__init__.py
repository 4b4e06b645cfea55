"""Models and their training as estimators, by scikit-learn's conventions."""

from nde.estimators.loading import load_estimator
from nde.estimators.neural_cde import NeuralCDEClassifier, NeuralCDERegressor
from nde.estimators.panel_input import as_panel

__all__ = ["NeuralCDEClassifier", "NeuralCDERegressor", "as_panel", "load_estimator"]
