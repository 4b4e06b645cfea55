"""Missing values from straight lines."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core.types import Times
from nde.paths.interpolation.channels import side_by_side
from nde.paths.interpolation.observed import Row, Series, next_observed, series, times_of


def linear_interpolation(
    ts: Times, ys: PyTree[Any], *, fill_forward_nans_at_end: bool = False, replace_nans_at_start: PyTree[Any] = None
) -> PyTree[Array]:
    """Fill each missing value by linear interpolation between the observations before and after it.

    Each channel has its own observations. A filled value depends on an observation of later time: for what is to be
    known in time, use `rectilinear_interpolation`. Values that were observed are returned as they are.

    Args:
        ts: Increasing times of shape `(times,)`, at least two; that they increase is not checked.
        ys: The values there, a pytree of arrays with a leading axis `(times,)`; `nan` where nothing was observed.
        fill_forward_nans_at_end: Whether what is missing behind the last observation of a channel is that observation
            again. Default: it stays `nan`.
        replace_nans_at_start: The value at `ts[0]` of channels that are missing there: a number, or a pytree as `ys`
            or its upper part, without the leading axis. It then counts as observed. Default: what is missing before the
            first observation stays `nan`.

    Returns:
        The values, shaped as `ys`. A channel without any observation stays `nan`.

    Raises:
        ValueError: If `ts` is not one-dimensional, there are fewer than two times, or an array has a shape that
            does not fit.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        ts = jnp.array([0.0, 1.0, 4.0, 5.0])
        print(nde.linear_interpolation(ts, jnp.array([0.0, jnp.nan, 8.0, jnp.nan])))
        ```
    """
    ts, ys = series("linear_interpolation", ts, ys, fill_forward_nans_at_end, replace_nans_at_start)
    return jax.tree.map(lambda y: _filled(times_of(ts, y), y), ys)


@jax.jit
@side_by_side
def _filled(ts: Array, ys: Series) -> Series:
    def fill(last: tuple[Row, Row], knot: tuple[Array, Row, Row, Row]) -> tuple[tuple[Row, Row], Row]:
        (t0, y0), (t, y, t1, y1) = last, knot
        missing = jnp.isnan(y)
        between = missing & ~jnp.isnan(y0) & ~jnp.isnan(y1)
        # Where there is nothing to fill, zeros go through the formula: a `nan` would come back in its gradient.
        share = (t - t0) / jnp.where(between, t1 - t0, 1)
        value = y0 + share * jnp.where(between, y1 - y0, 0)
        value = jnp.where(between, value, jnp.nan)
        return (jnp.where(missing, t0, t), jnp.where(missing, y0, y)), jnp.where(missing, value, y)

    start = jnp.broadcast_to(ts[0], ys.shape[1:]), ys[0]
    return jax.lax.scan(fill, start, (ts, ys, *next_observed(ts, ys)))[1]
