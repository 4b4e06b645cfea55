"""Forecasts of single series: a linear SDE beside plain methods, compared on the past."""

from nde.estimators.forecasting.comparison import ColumnScore, MethodScore
from nde.estimators.forecasting.forecast import Forecast
from nde.estimators.forecasting.forecaster import Forecaster

__all__ = ["ColumnScore", "Forecast", "Forecaster", "MethodScore"]
