"""Frequencies that series may have."""

import numpy as np

from nde.data.panel import TimeSeries
from nde.estimators.panels.axis import axes_of
from nde.estimators.panels.seasons import find_season

_HARMONICS = 3
_SLOWEST = 0.5
"""Turns in the duration of the longest series."""
_ROWS = 4
"""Rows in the shortest period."""


def initial_frequencies(panel: TimeSeries, unit: float, count: int) -> tuple[float, ...]:
    """Return frequencies for the start of training: those of the seasons of the channels, and a range of others.

    Args:
        panel: The series.
        unit: The unit of time, in that of the panel.
        count: How many frequencies to return.

    Returns:
        Turns per unit of time.
    """
    axes = axes_of(panel)
    spacing = float(np.median([axis.spacing for axis in axes])) / unit
    periods = {find_season(panel, axes, channel) for channel in range(len(panel.channels))} - {None}
    seasons = [k / (period * spacing) for period in periods if period for k in range(1, _HARMONICS + 1)][:count]
    fastest = max(1 / (_ROWS * spacing), 2 * _SLOWEST)
    return (*seasons, *map(float, np.geomspace(_SLOWEST, fastest, count - len(seasons))))
