"""What the other channels tell about one."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from sklearn.linear_model import RidgeCV

from nde.data.panel import TimeSeries
from nde.estimators.forecasting.history import Times
from nde.estimators.panels.axis import SeriesAxis
from nde.estimators.panels.cell import known_rows

_PENALTIES = np.geomspace(1e-2, 1e4, 13)
_LEAST_ROWS = 10


@dataclasses.dataclass(frozen=True)
class OtherChannels:
    """A ridge regression of one channel on the others, at the same times, each less its mean over the series.

    Values of the others that are missing are read from lines between known ones.

    Attributes:
        channel: The place of the channel.
        weights: The weights of the other channels.
    """

    channel: int
    weights: Float[np.ndarray, " others"]

    @classmethod
    def fit(cls, panel: TimeSeries, axes: Sequence[SeriesAxis], channel: int) -> "OtherChannels | None":
        """Fit the regression to all rows of all series; `None` without other channels, or with few rows."""
        inputs, outputs = [], []
        for series, rows in enumerate(known_rows(panel, channel)):
            if rows.size > 1 and len(panel.channels) > 1:
                x = _others(panel, axes, channel, series, axes[series].steps[rows])
                y = panel[series].ys[rows, channel]
                inputs.append(x - x.mean(axis=0))
                outputs.append(y - y.mean())
        if not inputs or sum(map(len, outputs)) < _LEAST_ROWS:
            return None
        x, y = np.concatenate(inputs), np.concatenate(outputs)
        scale = np.where(x.std(axis=0) > 0, x.std(axis=0), 1.0)
        found = RidgeCV(alphas=_PENALTIES, fit_intercept=False).fit(x / scale, y)
        return cls(channel, np.asarray(found.coef_, np.float64) / scale)

    def at(self, panel: TimeSeries, axes: Sequence[SeriesAxis], series: int, steps: Times) -> Times:
        """What the other channels of a series tell at some times, in typical spacings."""
        rows = known_rows(panel[[series]], self.channel)[0]
        center = _others(panel, axes, self.channel, series, axes[series].steps[rows]).mean(axis=0)
        return (_others(panel, axes, self.channel, series, steps) - center) @ self.weights


def _others(
    panel: TimeSeries, axes: Sequence[SeriesAxis], channel: int, series: int, steps: Times
) -> Float[np.ndarray, "times others"]:
    """The other channels of a series on lines between known values; zero for those without any."""
    columns = []
    for other in range(len(panel.channels)):
        if other != channel:
            ys = panel[series].ys[:, other]
            known = ~np.isnan(ys)
            line = np.interp(steps, axes[series].steps[known], ys[known]) if known.any() else np.zeros(len(steps))
            columns.append(line)
    return np.stack(columns, axis=1)
