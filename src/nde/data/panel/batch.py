"""Batches of series padded to one length."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Shaped

from nde.core.device import to_device
from nde.data.panel.time_series import TimeSeries
from nde.data.plural import pluralize
from nde.data.table import DataError


class Batch(eqx.Module):
    """Batch of series padded to one length, as JAX arrays in JAX's precision.

    Padding repeats the last step in `ts`, so that times increase, and is `nan` in all channels of `ys`, including time
    and counts. Linear interpolation that fills missing values with the last observation is constant over the padding,
    so a controlled differential equation does not move there. Interpolation with a continuous derivative, such as cubic
    Hermite splines, becomes constant only after the first step of the padding; with it, use the state at the last row
    of each series, `ts[lengths - 1]`.

    Attributes:
        ts: Times, of shape `(series, length)`, increasing.
        ys: Channels, of shape `(series, length, channels)`; `nan` for missing values and padding.
        lengths: Number of rows of each series without padding, of shape `(series,)`.
        static: Static features, of shape `(series, features)`; there may be none.
        targets: Numeric targets, with a first axis of series, or `None`.
        index: Index of each series in the panel that the batch was drawn from.
        weights: 1 for a series, 0 for a copy that only fills the batch. Multiply the loss of each series by it.

    Example:
        ```python
        import jax, jax.numpy as jnp
        import nde
        from nde.data import pad

        batch = pad(nde.TimeSeries.from_arrays([[1.0, 2.0, 3.0], [4.0]]))
        means = jax.vmap(jnp.nanmean)(batch.ys)
        print(jnp.sum(batch.weights * means) / jnp.sum(batch.weights))
        ```
    """

    ts: Float[Array, "series length"]
    ys: Float[Array, "series length channels"]
    lengths: Int[Array, " series"]
    static: Float[Array, "series features"]
    targets: Shaped[Array, "series ..."] | None
    index: Int[Array, " series"]
    weights: Float[Array, " series"]


def pad(panel: TimeSeries, length: int | None = None) -> Batch:
    """Pad all series of a panel to one length, as one batch.

    Args:
        panel: The panel.
        length: The length to pad to; by default that of the longest series.

    Returns:
        The batch.

    Raises:
        DataError: If a series is longer than `length`; if in JAX's precision times do not increase or values overflow;
            or if targets are not numbers.

    Example:
        ```python
        import nde
        from nde.data import pad

        batch = pad(nde.TimeSeries.from_arrays([[1.0, 2.0], [3.0]], [[0.0, 0.5], [7.0]]), length=4)
        print(batch.ts, batch.ys[..., 0])
        ```
    """
    longest = int(panel.lengths.max())
    if length is not None and length < longest:
        raise DataError(
            f"length must be at least that of the longest series, {pluralize(longest, 'row')}; got {length}."
        )
    check_batchable(panel)
    places = np.arange(len(panel))
    return batch_of(panel, places, np.ones(len(panel)), longest if length is None else length)


def batch_of(
    panel: TimeSeries, places: Int[np.ndarray, " batch"], weights: Float[np.ndarray, " batch"], length: int
) -> Batch:
    """Pad the series at these indices, of a panel that was checked."""
    lengths, starts = panel.lengths[places], panel.starts[places]
    steps = np.arange(length)
    own = steps < lengths[:, None]
    rows = starts[:, None] + np.minimum(steps, lengths[:, None] - 1)
    ys = np.where(own[..., None], panel.ys[rows], np.nan)
    return Batch(
        ts=jnp.asarray(_padded_times(panel.ts[rows], lengths, own)),
        ys=to_device(ys.astype(_precision())),
        lengths=jnp.asarray(lengths),
        static=to_device(panel.static[places].astype(_precision())),
        targets=None if panel.targets is None else to_device(panel.targets[places]),
        index=jnp.asarray(places),
        weights=jnp.asarray(weights.astype(_precision())),
    )


def check_batchable(panel: TimeSeries) -> None:
    """Check that a panel can be converted to JAX arrays.

    Raises:
        DataError: If targets are not numbers, or in JAX's precision times do not increase or values overflow.
    """
    targets = panel.targets
    if targets is not None and targets.dtype.kind not in "fiub":
        raise DataError(
            f"Targets have dtype {targets.dtype}; a batch needs numbers. Use `classes, codes = "
            "numpy.unique(panel.targets, return_inverse=True)` and `dataclasses.replace(panel, targets=codes)`."
        )
    _check_size(panel)
    late = np.diff(panel.ts.astype(_precision()), prepend=-np.inf) <= 0
    late[panel.starts] = False
    if late.any():
        row = int(np.argmax(late))
        series = panel.ids[int(panel.owners[row])]
        raise DataError(
            f"In {_precision()} the times {float(panel.ts[row - 1])} and {float(panel.ts[row])} of series {series!r} "
            "are the same. Count times since the start of each series (since='series'), merge rows that are this "
            "close, or set `jax.config.update('jax_enable_x64', True)`."
        )


def _check_size(panel: TimeSeries) -> None:
    most = float(np.finfo(_precision()).max)
    far = np.abs(panel.ys) > most
    if far.any():
        channel = panel.channels[int(np.argmax(far.any(axis=0)))]
        raise DataError(
            f"Channel '{channel}' has values beyond {most:.2g}, the largest number in {_precision()}; normalize it."
        )


def _padded_times(
    ts: Float[np.ndarray, "batch length"], lengths: Int[np.ndarray, " batch"], own: Any
) -> Float[np.ndarray, "batch length"]:
    """Times padded with steps of the last size, or of size 1 after a single row.

    Steps that are too small for the precision are enlarged, because times must increase.
    """
    each, last = np.arange(len(ts)), lengths - 1
    end = ts[each, last]
    step = np.where(lengths > 1, end - ts[each, np.maximum(last - 1, 0)], 1.0)
    far = np.abs(end) + ts.shape[1] * step
    step = np.maximum(step, 4.0 * np.spacing(far.astype(_precision())).astype(np.float64))
    beyond = np.arange(ts.shape[1]) - last[:, None]
    return np.where(own, ts, end[:, None] + beyond * step[:, None]).astype(_precision())


def _precision() -> np.dtype:
    """JAX's current floating-point precision."""
    return np.dtype(jnp.result_type(float))
