"""Forecasts of many series, and values for their gaps: linear SDEs beside plain methods, compared on the series."""
