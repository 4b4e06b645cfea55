"""Distances between marginal distributions."""

from typing import Any

import numpy as np
from jaxtyping import Float, Int

from nde.data import DataError
from nde.data.panel import TimeSeries
from nde.metrics.bootstrap import Bootstrap, Weights
from nde.metrics.estimate import Distance
from nde.metrics.pair import two_panels
from nde.metrics.rows import measured, values_at


def marginal_distance(
    real: Any,
    fake: Any,
    *,
    at: int | Float[np.ndarray, " times"] | None = None,
    of: str = "values",
    distance: str = "wasserstein",
    bootstrap: Bootstrap = Bootstrap(),
) -> Distance:
    """Distance between the marginal distributions of real and generated series, for each channel.

    The Wasserstein distance of order 1 is the area between the cumulative distribution functions, in standard
    deviations of the real values. The Kolmogorov-Smirnov distance is the largest difference between them.

    Args:
        real: Real series: a `nde.TimeSeries`, or an array of shape `(series, time, channels)`.
        fake: Generated series, in the same form.
        at: Times at which to compare values, interpolated linearly between rows; or a number of times, spread evenly
            over the duration of most series. By default all rows are pooled, regardless of their times.
        of: The quantity, as for `autocorrelation`; with `at`, only `"values"`.
        distance: `"wasserstein"` or `"kolmogorov-smirnov"`.
        bootstrap: Bootstrap for the confidence intervals and the permutation test.

    Returns:
        The distance, of shape `(channels,)`, or `(times, channels)` with `at`.

    Raises:
        DataError: If the channels differ, there are too few series, or no series has a value at a time.
        ValueError: If `distance` or `of` is unknown, or `at` is combined with increments.

    Example:
        ```python
        import numpy as np
        from nde.metrics import marginal_distance

        walks = np.random.default_rng(0).normal(size=(200, 30)).cumsum(axis=1)
        print(marginal_distance(walks[:100], 1.3 * walks[100:], at=3))
        ```
    """
    if distance not in {"wasserstein", "kolmogorov-smirnov"}:
        raise ValueError(f"distance must be 'wasserstein' or 'kolmogorov-smirnov'; got {distance!r}.")
    if at is not None and of != "values":
        raise ValueError(f"of must be 'values' when at is given; got {of!r}. Leave out at to compare increments.")
    first, second = two_panels(real, fake)
    if at is None:
        numbers = [measured(panel, of)[:, None] for panel in (first, second)]
    else:
        times = shared_times(first, second, at) if isinstance(at, int) else np.asarray(at, np.float64)
        numbers = [values_at(panel, times)[:, :, None] for panel in (first, second)]
    _check_known(numbers, first.channels)
    pooled = _joined(*numbers)
    units = _units(numbers[0], distance)
    places = list(np.ndindex(pooled.shape[1], pooled.shape[-1]))
    sorts = {(t, c): _sorted(pooled[:, t, :, c]) for t, c in places}

    def statistic(weights: Weights, others: Weights) -> Float[np.ndarray, "draws ..."]:
        found = np.stack([_distance(*sorts[place], weights, others, distance) for place in places], axis=-1)
        found = found.reshape(len(weights), pooled.shape[1], pooled.shape[-1]) / units
        return found[:, 0] if at is None else found

    return bootstrap.distance(statistic, first.ids, second.ids)


def shared_times(real: TimeSeries, fake: TimeSeries, count: int) -> Float[np.ndarray, " count"]:
    """Times spread evenly over the median duration of both panels, including its end but not its start."""
    begins = [float(np.median(panel.ts[panel.starts])) for panel in (real, fake)]
    ends = [float(np.median(panel.ts[panel.starts + panel.lengths - 1])) for panel in (real, fake)]
    begin, end = max(begins), min(ends)
    if not begin < end:
        raise DataError(
            f"Real series run from about {begins[0]:g} to {ends[0]:g} and generated ones from {begins[1]:g} to "
            f"{ends[1]:g}: they have no times in common. Generate series at the times of the real ones."
        )
    return np.linspace(begin, end, count + 1)[1:]


def _check_known(numbers: list[Float[np.ndarray, "_ _ _ _"]], channels: tuple[str, ...]) -> None:
    for what, found in zip(("real", "generated"), numbers, strict=True):
        unknown = np.argwhere((~np.isnan(found)).sum(axis=(0, 2)) == 0)
        if len(unknown):
            time, channel = (int(place) for place in unknown[0])
            raise DataError(
                f"Channel '{channels[channel]}' of the {what} series has no value at time number {time + 1}. Choose "
                "times within the series, or leave out the channel."
            )


def _joined(
    a: Float[np.ndarray, "series times some channels"], b: Float[np.ndarray, "others times more channels"]
) -> Float[np.ndarray, "all times most channels"]:
    """All series, padded with missing values to the same number of rows."""
    most = max(a.shape[2], b.shape[2])
    filled = [np.pad(x, [(0, 0), (0, 0), (0, most - x.shape[2]), (0, 0)], constant_values=np.nan) for x in (a, b)]
    return np.concatenate(filled)


def _units(numbers: Float[np.ndarray, "series times some channels"], distance: str) -> Float[np.ndarray, "_ _"]:
    if distance != "wasserstein":
        return np.ones((numbers.shape[1], numbers.shape[-1]))
    known = ~np.isnan(numbers)
    count = np.maximum(known.sum(axis=(0, 2)), 1)
    mean = np.where(known, numbers, 0.0).sum(axis=(0, 2)) / count
    spread = np.sqrt((np.where(known, numbers - mean[:, None], 0.0) ** 2).sum(axis=(0, 2)) / count)
    return np.where(spread > 0, spread, 1.0)


def _sorted(
    numbers: Float[np.ndarray, "all rows"],
) -> tuple[Float[np.ndarray, " known"], Int[np.ndarray, " known"]]:
    """The sorted values, and the series that each belongs to."""
    owners, rows = np.nonzero(~np.isnan(numbers))
    found = numbers[owners, rows]
    order = np.argsort(found)
    return found[order], owners[order]


def _distance(
    found: Float[np.ndarray, " known"],
    owners: Int[np.ndarray, " known"],
    weights: Weights,
    others: Weights,
    distance: str,
) -> Float[np.ndarray, " draws"]:
    gap = np.abs(_distribution(weights[:, owners]) - _distribution(others[:, owners]))[:, :-1]
    steps = np.diff(found)
    # Distribution functions are not compared between equal values.
    return gap @ steps if distance == "wasserstein" else np.max(gap * (steps > 0), axis=1, initial=0.0)


def _distribution(weights: Float[np.ndarray, "draws known"]) -> Float[np.ndarray, "draws known"]:
    total = np.cumsum(weights, axis=1)
    return total / np.maximum(total[:, -1:], 1e-300)
