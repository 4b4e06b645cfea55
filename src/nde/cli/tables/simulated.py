"""Simulated series whose true parameters are known."""

import numpy as np

from nde.data import Series

TRUTH = {"rate": 0.5, "mean": 3.0, "volatility": 0.8}
_SERIES, _ROWS = 20, 40
SOURCE = (
    f"{_SERIES} series of an Ornstein–Uhlenbeck process, simulated by its exact transition distribution at irregular "
    "times."
)


def simulated_series() -> dict[str, Series]:
    """Simulate Ornstein–Uhlenbeck processes by their exact transitions: `x(t + d)` is normal given `x(t)`."""
    rate, mean, volatility = TRUTH.values()
    random = np.random.default_rng(2024)
    series = {}
    for number in range(1, _SERIES + 1):
        ts = np.cumsum(random.exponential(1.0, _ROWS))
        xs = [random.normal(mean, volatility / np.sqrt(2 * rate))]
        for gap in np.diff(ts):
            kept = np.exp(-rate * gap)
            deviation = volatility * np.sqrt((1 - kept**2) / (2 * rate))
            xs.append(random.normal(mean + (xs[-1] - mean) * kept, deviation))
        series[f"series {number}"] = Series("t", ("x",), ts, np.array(xs)[:, None])
    return series
