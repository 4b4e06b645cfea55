"""Train models on data."""

from nde.train._adversarial import adversarial, project_weights
from nde.train._fit import Fit, fit
from nde.train._fit_sde import SDEFit, fit_sde
from nde.train._fit_table import TableFit, fit_table
from nde.train.annealed import Annealed, AnnealedBatch
from nde.train.averaging import StochasticWeightAverage
from nde.train.batches import Batches
from nde.train.curriculum import Curriculum, LengthCurriculum
from nde.train.history import History, TrainingError
from nde.train.likelihood import log_densities
from nde.train.optimizer import adam
from nde.train.protocol import Stochastic
from nde.train.scores import RowScores, coverage, mean, persistence, rmse, row_scores
from nde.train.shooting import MultipleShooting, Segments, Shots, multiple_shooting
from nde.train.transitions import Transitions

__all__ = [
    "Annealed",
    "AnnealedBatch",
    "Batches",
    "Curriculum",
    "Fit",
    "History",
    "LengthCurriculum",
    "MultipleShooting",
    "RowScores",
    "SDEFit",
    "Segments",
    "Shots",
    "Stochastic",
    "StochasticWeightAverage",
    "TableFit",
    "TrainingError",
    "Transitions",
    "adam",
    "adversarial",
    "coverage",
    "fit",
    "fit_sde",
    "fit_table",
    "log_densities",
    "mean",
    "multiple_shooting",
    "persistence",
    "project_weights",
    "rmse",
    "row_scores",
]
