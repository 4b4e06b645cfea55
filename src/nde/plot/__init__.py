"""Plots of data, training, predictions and generated series."""

from nde.core.extras import require_for_room

require_for_room("plot")

from nde.plot.calibration import plot_calibration
from nde.plot.confusion import plot_confusion
from nde.plot.density import Density, plot_density
from nde.plot.errors import plot_errors
from nde.plot.fan import plot_fan
from nde.plot.forecast import plot_forecast
from nde.plot.generated import plot_generated
from nde.plot.importance import plot_importance
from nde.plot.intervals import plot_intervals
from nde.plot.learning import plot_learning
from nde.plot.phase import plot_phase
from nde.plot.predicted import plot_predicted
from nde.plot.running_predictions import RunningPrediction, plot_running_predictions
from nde.plot.solver_errors import SolverErrors, plot_solver_errors
from nde.plot.training import plot_training
from nde.plot.trajectories import Trajectory, plot_trajectories

__all__ = [
    "Density",
    "RunningPrediction",
    "SolverErrors",
    "Trajectory",
    "plot_calibration",
    "plot_confusion",
    "plot_density",
    "plot_errors",
    "plot_fan",
    "plot_forecast",
    "plot_generated",
    "plot_importance",
    "plot_intervals",
    "plot_learning",
    "plot_phase",
    "plot_predicted",
    "plot_running_predictions",
    "plot_solver_errors",
    "plot_training",
    "plot_trajectories",
]
