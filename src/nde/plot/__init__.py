"""Pictures of fits."""

from nde.plot.fan import plot_fan
from nde.plot.forecast import plot_forecast
from nde.plot.phase import plot_phase
from nde.plot.training import plot_training

__all__ = ["plot_fan", "plot_forecast", "plot_phase", "plot_training"]
