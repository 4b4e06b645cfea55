"""Forecasts of single series: a linear SDE beside plain methods, compared on the past."""

from nde.estimators.forecasting.forecaster import Forecast, Forecaster, MethodScore

__all__ = ["Forecast", "Forecaster", "MethodScore"]
