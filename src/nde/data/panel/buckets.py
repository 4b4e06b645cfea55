"""Bucket lengths for padding."""

import numpy as np
from jaxtyping import Float, Int

from nde.data.table import DataError

_CANDIDATES = 256
_NO_MORE = -1
"""Marks where one more bucket does not help."""


def bucket_lengths(lengths: Int[np.ndarray, " series"], buckets: int, batch_size: int = 1) -> tuple[int, ...]:
    """Choose the lengths to pad series to, with as little padding as possible.

    Each series is padded to the smallest of these lengths that is long enough. They are chosen among 256 quantiles of
    the lengths; the last is the longest. A model is compiled for each, so more buckets mean less padding and more
    compilation.

    Args:
        lengths: Lengths of the series.
        buckets: The largest number of buckets.
        batch_size: Batch size. The last batch in each bucket is filled up, which is padding, too; with large batches,
            fewer buckets may need less.

    Returns:
        The lengths, increasing.

    Raises:
        DataError: If `buckets` or `batch_size` is less than one, or there are no lengths.

    Example:
        ```python
        import numpy as np
        from nde.data import bucket_lengths

        print(bucket_lengths(np.array([3, 4, 4, 5, 40, 41]), buckets=2))
        ```
    """
    if buckets < 1 or not len(lengths):
        raise DataError(f"Got {buckets} buckets for {len(lengths)} series; expected at least one of each.")
    if batch_size < 1:
        raise DataError(f"batch_size must be at least 1; got {batch_size}.")
    levels = np.linspace(0, 1, _CANDIDATES)
    ends = np.unique(np.quantile(lengths, levels, method="higher"))
    counts = np.searchsorted(np.sort(lengths), ends, side="right").astype(float)
    chosen = _cheapest_ends(_row_costs(ends.astype(float), counts, batch_size), min(buckets, len(ends)))
    return tuple(int(length) for length in ends[chosen])


def _row_costs(
    ends: Float[np.ndarray, " candidates"], counts: Float[np.ndarray, " candidates"], batch_size: int
) -> Float[np.ndarray, "before candidates"]:
    """The number of rows in a bucket from one end to another; the first row is for the first bucket.

    `counts` is the number of series that are no longer than each end.
    """
    count = counts[None, :] - np.concatenate([[0.0], counts])[:, None]
    return np.where(count > 0, np.ceil(count / batch_size) * batch_size * ends, np.inf)


def _cheapest_ends(costs: Float[np.ndarray, "before candidates"], buckets: int) -> Int[np.ndarray, " buckets"]:
    """The ends of the buckets with the fewest rows in total, by dynamic programming over the last bucket."""
    cost, previous = costs[0], []
    for _ in range(buckets - 1):
        through = cost[:, None] + costs[1:]
        least = through.min(axis=0)
        previous.append(np.where(least < cost, np.argmin(through, axis=0), _NO_MORE))
        cost = np.minimum(least, cost)
    return _trace_back(previous, len(cost) - 1)


def _trace_back(previous: list[Int[np.ndarray, " candidates"]], last: int) -> Int[np.ndarray, " buckets"]:
    chosen = [last]
    for step in reversed(previous):
        if step[chosen[-1]] != _NO_MORE:
            chosen.append(int(step[chosen[-1]]))
    return np.array(chosen[::-1])
