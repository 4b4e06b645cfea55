"""Few lengths instead of many."""

import numpy as np
from jaxtyping import Float, Int

from nde.data.table import DataError

_CANDIDATES = 256
_NO_MORE = -1
"""Where one bucket more does not help."""


def bucket_lengths(lengths: Int[np.ndarray, " series"], buckets: int, batch_size: int = 1) -> tuple[int, ...]:
    """The lengths to which series are padded, so that as little as possible is padded.

    Each series goes to the least of these lengths that holds it. They are chosen among 256 quantiles of the lengths;
    the last is the longest. Each is a shape for which a model is compiled: more of them pad less and compile more.

    Args:
        lengths: Of the series.
        buckets: How many, at most.
        batch_size: Of the batches, whose last in each bucket is filled up: that is padding, too, so that with large
            batches it may be less with fewer buckets.

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
        raise DataError(f"Got {buckets} buckets for {len(lengths)} series; at least one for at least one is wanted.")
    if batch_size < 1:
        raise DataError(f"Got the batch size {batch_size}; at least 1 is wanted.")
    levels = np.linspace(0, 1, _CANDIDATES)
    ends = np.unique(np.quantile(lengths, levels, method="higher"))
    held = np.searchsorted(np.sort(lengths), ends, side="right").astype(float)
    chosen = _least_rows(_rows_taken(ends.astype(float), held, batch_size), min(buckets, len(ends)))
    return tuple(int(length) for length in ends[chosen])


def _rows_taken(
    ends: Float[np.ndarray, " candidates"], held: Float[np.ndarray, " candidates"], batch_size: int
) -> Float[np.ndarray, "before candidates"]:
    """How many rows the bucket that goes from one end to another takes; in the first row, that from nothing.

    `held` is how many series are no longer than each end.
    """
    count = held[None, :] - np.concatenate([[0.0], held])[:, None]
    return np.where(count > 0, np.ceil(count / batch_size) * batch_size * ends, np.inf)


def _least_rows(taken: Float[np.ndarray, "before candidates"], buckets: int) -> Int[np.ndarray, " buckets"]:
    """Which ends hold all series in the fewest rows, by dynamic programming over the last bucket."""
    cost, came = taken[0], []
    for _ in range(buckets - 1):
        through = cost[:, None] + taken[1:]
        least = through.min(axis=0)
        came.append(np.where(least < cost, np.argmin(through, axis=0), _NO_MORE))
        cost = np.minimum(least, cost)
    return _walked_back(came, len(cost) - 1)


def _walked_back(came: list[Int[np.ndarray, " candidates"]], last: int) -> Int[np.ndarray, " buckets"]:
    chosen = [last]
    for step in reversed(came):
        if step[chosen[-1]] != _NO_MORE:
            chosen.append(int(step[chosen[-1]]))
    return np.array(chosen[::-1])
