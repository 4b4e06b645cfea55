"""Values and increments of series, as padded arrays."""

import numpy as np
from jaxtyping import Float

from nde.data.panel import TimeSeries

_OF = ("values", "increments", "absolute increments", "squared increments")
"""The quantities that metrics can evaluate; for log-prices, increments are returns."""


def rows_of(
    panel: TimeSeries,
) -> tuple[Float[np.ndarray, "series length"], Float[np.ndarray, "series length channels"]]:
    """Times and values, padded; `nan` for missing values and padding."""
    steps = np.arange(int(panel.lengths.max()))
    own = steps < panel.lengths[:, None]
    rows = panel.starts[:, None] + np.minimum(steps, panel.lengths[:, None] - 1)
    return np.where(own, panel.ts[rows], np.nan), np.where(own[..., None], panel.ys[rows], np.nan)


def measured(panel: TimeSeries, of: str) -> Float[np.ndarray, "series length channels"]:
    """Values, or increments between consecutive rows.

    Increments are divided by the square root of the time between the rows, to be comparable under irregular sampling.
    An increment with a missing value at either end is missing.

    Raises:
        ValueError: If `of` is unknown.
    """
    if of not in _OF:
        raise ValueError(f"of must be one of {', '.join(map(repr, _OF))}; got {of!r}.")
    ts, ys = rows_of(panel)
    if of == "values":
        return ys
    steps = np.diff(ys, axis=1) / np.sqrt(np.diff(ts, axis=1))[..., None]
    return steps if of == "increments" else np.abs(steps) if of.startswith("absolute") else steps**2


def totals(x: Float[np.ndarray, "series length channels"]) -> Float[np.ndarray, "series channels"]:
    """Sums over time, ignoring missing values."""
    return np.where(np.isnan(x), 0.0, x).sum(axis=1)


def moments(x: Float[np.ndarray, "series length channels"], most: int) -> list[Float[np.ndarray, "series channels"]]:
    """The number of values, and the sums of their powers from 1 to `most`, ignoring missing values."""
    # Not x**0, which is 1 for missing values, too.
    return [(~np.isnan(x)).sum(axis=1).astype(np.float64), *(totals(x**power) for power in range(1, most + 1))]


def weighed(
    weights: Float[np.ndarray, "draws series"], sums: Float[np.ndarray, "series ..."]
) -> Float[np.ndarray, "draws ..."]:
    """Weighted sums over series, for each draw."""
    return np.tensordot(weights, sums, axes=1)


def ratio(above: Float[np.ndarray, "..."], below: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """A quotient; `nan` where the denominator is zero, as for a constant channel."""
    there = below > 0
    return np.where(there, above / np.where(there, below, 1.0), np.nan)


def values_at(panel: TimeSeries, ts: Float[np.ndarray, " times"]) -> Float[np.ndarray, "series times channels"]:
    """Values at the given times, interpolated linearly; `nan` before the first and after the last observation."""
    return np.stack(
        [np.stack([_interpolated(ts, record.ts, y, outside=np.nan) for y in record.ys.T], axis=-1) for record in panel]
    )


def filled(panel: TimeSeries, of: str, points: int | None = None) -> Float[np.ndarray, "series points channels"]:
    """Values or increments with missing values filled by linear interpolation, and constant beyond the observations.

    Args:
        panel: The series.
        of: The quantity.
        points: The number of times, spread evenly over each series; by default its own times, padded to the longest
            series.

    Returns:
        An array; zero for a channel that is never observed in a series.
    """
    x, (ts, _) = measured(panel, of), rows_of(panel)
    ts = ts[:, ts.shape[1] - x.shape[1] :]
    return np.stack([_filled_series(times, each, points) for times, each in zip(ts, x, strict=True)])


def _filled_series(
    ts: Float[np.ndarray, " length"], x: Float[np.ndarray, "length channels"], points: int | None
) -> Float[np.ndarray, "points channels"]:
    own = ts[~np.isnan(ts)]
    at = np.linspace(own[0], own[-1], points) if points else np.where(np.isnan(ts), own[-1], ts)
    return np.stack([_interpolated(at, ts, channel) for channel in x.T], axis=-1)


def _interpolated(
    at: Float[np.ndarray, " points"],
    ts: Float[np.ndarray, " length"],
    y: Float[np.ndarray, " length"],
    outside: float | None = None,
) -> Float[np.ndarray, " points"]:
    known = ~np.isnan(y)
    if not known.any():
        return np.full(len(at), 0.0 if outside is None else outside)
    return np.interp(at, ts[known], y[known], left=outside, right=outside)
