"""Fitting models to data."""

from nde.train.baselines import mean, persistence
from nde.train.fit_sde import SDEFit, fit_sde
from nde.train.fit_table import TableFit, fit_table
from nde.train.likelihood import log_densities
from nde.train.protocol import Stochastic
from nde.train.row_scores import RowScores, coverage, row_scores
from nde.train.score import rmse
from nde.train.transitions import Transitions

__all__ = [
    "RowScores",
    "SDEFit",
    "Stochastic",
    "TableFit",
    "Transitions",
    "coverage",
    "fit_sde",
    "fit_table",
    "log_densities",
    "mean",
    "persistence",
    "rmse",
    "row_scores",
]
