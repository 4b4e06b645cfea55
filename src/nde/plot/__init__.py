"""Pictures of fits."""

from nde.plot.confusion import plot_confusion
from nde.plot.courses import Course, plot_courses
from nde.plot.density import Density, plot_density
from nde.plot.fan import plot_fan
from nde.plot.forecast import plot_forecast
from nde.plot.generated import plot_generated
from nde.plot.learning import plot_learning
from nde.plot.phase import plot_phase
from nde.plot.predicted import plot_predicted
from nde.plot.readings import Reading, plot_readings
from nde.plot.training import plot_training

__all__ = [
    "Course",
    "Density",
    "Reading",
    "plot_confusion",
    "plot_courses",
    "plot_density",
    "plot_fan",
    "plot_forecast",
    "plot_generated",
    "plot_learning",
    "plot_phase",
    "plot_predicted",
    "plot_readings",
    "plot_training",
]
