"""Fitting models to data."""

from nde.train.baselines import mean, persistence
from nde.train.fit import Fit, fit
from nde.train.score import rmse

__all__ = ["Fit", "fit", "mean", "persistence", "rmse"]
