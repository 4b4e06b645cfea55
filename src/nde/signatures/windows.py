"""A series as the path of its log-signatures over windows: the control of the log-ODE method."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Real

from nde.core.types import Times
from nde.paths import LinearInterpolation
from nde.signatures._logsignature import logsignature_of_increments
from nde.signatures._signature import Points
from nde.signatures.dimension import check_sizes


def logsignature_windows(ts: Times, xs: Points, window: int, depth: int) -> LinearInterpolation:
    """The path whose increment over each window of a series is the log-signature of the series over it.

    A differential equation that is driven by it, with a vector field from `nde.signatures.LieBrackets`, takes one long
    step for a window instead of one for each point: the log-ODE method.

    Level 1 of the path is the series itself at the ends of the windows, so that depth 1 with windows of one interval
    is linear interpolation of the series; higher levels start from zero. Time, where it matters, is to be one of the
    channels. For a batch of series, use `jax.vmap`.

    Args:
        ts: Increasing times of shape `(length,)`, two or more.
        xs: The series at these times, of shape `(length, channels)`. A missing value (`nan`) makes the higher levels
            `nan` from its window on, and level 1 at its time if a window ends there: fill it first.
        window: How many intervals between points make a window, 1 or more; the last window may be shorter.
        depth: The highest level, 1 or more.

    Returns:
        Linear interpolation of `logsignature_dimension(channels, depth)` channels, in the basis of Lyndon brackets;
        its `ts` are the ends of the windows.

    Raises:
        ValueError: If times and series do not fit together, or a window holds no interval.

    Source: Morrill, Salvi, Kidger and Foster (2021), *Neural Rough Differential Equations for Long Time Series*,
    doi:10.48550/arXiv.2009.08295.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        ts = jnp.linspace(0.0, 6.0, 61)
        path = nde.signatures.logsignature_windows(ts, jnp.stack([ts, jnp.sin(ts)], axis=-1), window=10, depth=2)
        print(path.ts, path.evaluate(1.0, 2.0))
        ```
    """
    times, xs = jnp.asarray(ts), jnp.asarray(xs)
    _check(times, xs, window, depth)
    steps, channels = xs.shape[0] - 1, xs.shape[1]
    windows = -(-steps // window)
    filled = jnp.zeros((windows * window, channels), xs.dtype).at[:steps].set(jnp.diff(xs, axis=0))
    ends = jnp.minimum(window * jnp.arange(windows + 1), steps)
    each = logsignature_of_increments(filled.reshape(windows, window, channels), depth)
    return LinearInterpolation(ts=times[ends], ys=jnp.concatenate([xs[ends], _summed(each[:, channels:])], axis=1))


def _summed(each: Float[Array, "windows numbers"]) -> Float[Array, "ends numbers"]:
    """From zero."""
    return jnp.concatenate([jnp.zeros_like(each[:1]), jnp.cumsum(each, axis=0)])


def _check(ts: Real[Array, "..."], xs: Float[Array, "..."], window: int, depth: int) -> None:
    if xs.ndim != 2 or ts.shape != xs.shape[:1] or ts.size < 2:
        raise ValueError(
            f"`logsignature_windows` got times of shape {ts.shape} and a series of shape {xs.shape}; it wants "
            "`(length,)` and `(length, channels)` with two points or more. Use `jax.vmap` for a batch of series."
        )
    if window < 1:
        raise ValueError(f"`logsignature_windows` got window={window}; it wants 1 interval or more.")
    check_sizes("logsignature_windows", xs.shape[1], depth)
