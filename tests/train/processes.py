"""Simulate processes from their exact transition distributions with NumPy."""

import numpy as np
from scipy.stats import norm

from nde.data import Series

RATE, MEAN, VOLATILITY = 0.5, 3.0, 0.8


def ornstein_uhlenbeck(count: int, rows: int, seed: int = 1, mean_gap: float = 1.0) -> list[Series]:
    """Simulate irregular series of the process with the parameters above."""
    random = np.random.default_rng(seed)
    series = []
    for _ in range(count):
        ts = np.cumsum(random.exponential(mean_gap, rows))
        xs = [random.normal(MEAN, VOLATILITY / np.sqrt(2 * RATE))]
        for gap in np.diff(ts):
            center, spread = ou_moments(RATE, MEAN, VOLATILITY, xs[-1], gap)
            xs.append(random.normal(center, spread))
        series.append(Series("t", ("x",), ts, np.array(xs)[:, None]))
    return series


def geometric(growth: float, volatility: float, rows: int, seed: int = 1) -> Series:
    """Simulate an irregular series that starts at ten."""
    random = np.random.default_rng(seed)
    ts = np.cumsum(random.exponential(0.5, rows))
    gaps = np.diff(ts)
    changes = random.normal((growth - volatility**2 / 2) * gaps, volatility * np.sqrt(gaps))
    return Series("t", ("x",), ts, 10.0 * np.exp(np.r_[0.0, np.cumsum(changes)])[:, None])


def ou_moments(rate: float, mean: float, volatility: float, x, gap) -> tuple:
    """Return the mean and standard deviation after a gap, given the state before."""
    decay = np.exp(-rate * gap)
    return mean + (x - mean) * decay, volatility * np.sqrt((1 - decay**2) / (2 * rate))


def ou_log_density(theta, tables: list[Series]) -> float:
    """Return the exact log-density of all tables."""
    total = 0.0
    for table in tables:
        x = table.ys[:, 0]
        total += norm.logpdf(x[1:], *ou_moments(*theta, x[:-1], np.diff(table.ts))).sum()
    return total
