"""Forecasts and imputations of many series, on the command line."""
