"""The path of a series' log-signatures over windows: the control of the log-ODE method."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Real

from nde.core.types import Times
from nde.paths import LinearInterpolation
from nde.signatures._logsignature import logsignature_of_increments
from nde.signatures._signature import Points
from nde.signatures.dimension import check_sizes


def logsignature_windows(ts: Times, xs: Points, window: int, depth: int) -> LinearInterpolation:
    """Path whose increment over each window of a series is the log-signature of that window.

    A differential equation driven by this path, with a vector field from `LieBrackets`, takes one long step for each
    window instead of one for each point: the log-ODE method.

    Level 1 of the path is the series itself at the window boundaries, so depth 1 with windows of one interval is linear
    interpolation of the series. Higher levels start at zero. If time matters, make it a channel. For a batch of series,
    use `jax.vmap`.

    Args:
        ts: Increasing times of shape `(length,)`, at least two.
        xs: The series at these times, of shape `(length, channels)`. A missing value (`nan`) makes the higher levels
            `nan` from its window on, and level 1 at its time if a window ends there. Fill missing values first.
        window: Number of intervals between points in a window, 1 or more; the last window may be shorter.
        depth: The highest level, 1 or more.

    Returns:
        Linear interpolation with `logsignature_dimension(channels, depth)` channels, in the basis of Lyndon brackets.
        Its `ts` are the window boundaries.

    Raises:
        ValueError: If the shapes of `ts` and `xs` do not match, or `window` or `depth` is less than one.

    Source: Morrill, Salvi, Kidger and Foster (2021), *Neural Rough Differential Equations for Long Time Series*,
    doi:10.48550/arXiv.2009.08295.

    Example:
        ```python
        import jax.numpy as jnp
        from nde.signatures import logsignature_windows

        ts = jnp.linspace(0.0, 6.0, 61)
        path = logsignature_windows(ts, jnp.stack([ts, jnp.sin(ts)], axis=-1), window=10, depth=2)
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
    """Cumulative sums, from zero."""
    return jnp.concatenate([jnp.zeros_like(each[:1]), jnp.cumsum(each, axis=0)])


def _check(ts: Real[Array, "..."], xs: Float[Array, "..."], window: int, depth: int) -> None:
    if xs.ndim != 2 or ts.shape != xs.shape[:1] or ts.size < 2:
        raise ValueError(
            f"`logsignature_windows` got times of shape {ts.shape} and a series of shape {xs.shape}; expected "
            "`(length,)` and `(length, channels)` with at least two points. Use `jax.vmap` for a batch of series."
        )
    if window < 1:
        raise ValueError(f"`logsignature_windows` got window={window}; it must be at least 1 interval.")
    check_sizes("logsignature_windows", xs.shape[1], depth)
