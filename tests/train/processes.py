"""Series of known processes by their exact laws, in NumPy."""

import numpy as np
from scipy.stats import norm

from nde.data import Series

RATE, MEAN, VOLATILITY = 0.5, 3.0, 0.8


def ornstein_uhlenbeck(count: int, rows: int, seed: int = 1, mean_gap: float = 1.0) -> list[Series]:
    """Irregular series of a process with the numbers above."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        ts = np.cumsum(random.exponential(mean_gap, rows))
        xs = [random.normal(MEAN, VOLATILITY / np.sqrt(2 * RATE))]
        for gap in np.diff(ts):
            center, spread = ou_law(RATE, MEAN, VOLATILITY, xs[-1], gap)
            xs.append(random.normal(center, spread))
        found.append(Series("t", ("x",), ts, np.array(xs)[:, None]))
    return found


def geometric(growth: float, volatility: float, rows: int, seed: int = 1) -> Series:
    """An irregular series that starts at ten."""
    random = np.random.default_rng(seed)
    ts = np.cumsum(random.exponential(0.5, rows))
    gaps = np.diff(ts)
    moves = random.normal((growth - volatility**2 / 2) * gaps, volatility * np.sqrt(gaps))
    return Series("t", ("x",), ts, 10.0 * np.exp(np.r_[0.0, np.cumsum(moves)])[:, None])


def ou_law(rate: float, mean: float, volatility: float, x, gap) -> tuple:
    """Mean and standard deviation after a gap, given the state before."""
    kept = np.exp(-rate * gap)
    return mean + (x - mean) * kept, volatility * np.sqrt((1 - kept**2) / (2 * rate))


def ou_log_density(theta, tables: list[Series]) -> float:
    """The logarithm of the density of all tables, exactly."""
    total = 0.0
    for table in tables:
        x = table.ys[:, 0]
        total += norm.logpdf(x[1:], *ou_law(*theta, x[:-1], np.diff(table.ts))).sum()
    return total
