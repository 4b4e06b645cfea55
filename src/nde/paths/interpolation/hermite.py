"""Cubic Hermite splines that look back."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core.types import Times
from nde.paths.interpolation.channels import side_by_side
from nde.paths.interpolation.cubic import Coefficients
from nde.paths.interpolation.observed import Row, Series, like, next_observed, row_like, series, times_of
from nde.paths.interpolation.segment import Cubic, about, by_power, known


def backward_hermite_coefficients(
    ts: Times,
    ys: PyTree[Any],
    *,
    deriv0: PyTree[Any] = None,
    fill_forward_nans_at_end: bool = False,
    replace_nans_at_start: PyTree[Any] = None,
) -> Coefficients:
    """Compute cubic Hermite splines whose derivative at an observation is the difference quotient to the one before.

    The path and its derivative are continuous. A piece between two observations depends on the one before them and on
    these two alone, so a solve that reaches an observation has used no later one. Each channel has its own
    observations; a gap is one cubic polynomial, given about each of the times in it.

    Args:
        ts: Increasing times of shape `(times,)`, at least two; that they increase is not checked.
        ys: The values there, a pytree of arrays with a leading axis `(times,)`; `nan` where nothing was observed.
        deriv0: The derivative at `ts[0]`, for the channels that are observed there: a number, or a pytree as `ys` or
            its upper part, without the leading axis. Default, and at a later first observation: the difference
            quotient to the second, so the first piece is straight.
        fill_forward_nans_at_end: Whether what is missing behind the last observation of a channel is that observation
            again, at each time; it then counts as observed. Default: the coefficients there are `nan`.
        replace_nans_at_start: The value at `ts[0]` of channels that are missing there, given as `deriv0` is. It then
            counts as observed. Default: the coefficients before the first observation are `nan`.

    Returns:
        `(d, c, b, a)`, each a pytree as `ys` with a leading axis `(times - 1,)`: between `ts[i]` and `ts[i + 1]` the
        path is `d[i] x^3 + c[i] x^2 + b[i] x + a[i]` with `x = t - ts[i]`. All `nan` in a channel with fewer than two
        observations.

    Raises:
        ValueError: If `ts` is not one-dimensional, there are fewer than two times, or an array has a shape that
            does not fit.

    Source: Morrill, Kidger, Yang and Lyons, *Neural controlled differential equations for online prediction tasks*
    (2021), doi:10.48550/arXiv.2106.11028.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        ts, ys = jnp.array([0.0, 1.0, 3.0]), jnp.array([1.0, 2.0, 0.0])
        path = nde.CubicInterpolation(ts, nde.backward_hermite_coefficients(ts, ys))
        print(path.evaluate(2.0), path.derivative(2.0))
        ```
    """
    name = "backward_hermite_coefficients"
    ts, ys = series(name, ts, ys, fill_forward_nans_at_end, replace_nans_at_start)

    def leaf(y: Array, derivative: Any) -> Cubic:
        return _coefficients(times_of(ts, y), y, row_like(name, "`deriv0`", derivative, y))

    if deriv0 is None:
        leaves = jax.tree.map(lambda y: _coefficients(times_of(ts, y), y), ys)
    else:
        leaves = jax.tree.map(leaf, ys, like(ys, deriv0))
    return by_power(ys, leaves)


@jax.jit
@side_by_side
def _coefficients(ts: Array, ys: Series, deriv0: Row | float = jnp.nan) -> Cubic:
    """From knot to knot, with the last observation and the derivative there: `nan` for that of a straight piece."""
    missing = jnp.isnan(ys[0])
    start = jnp.broadcast_to(ts[0], missing.shape), ys[0], jnp.where(missing, jnp.nan, deriv0)

    def piece(last: tuple[Row, Row, Row], knot: tuple[Array, ...]) -> tuple[tuple[Row, Row, Row], Cubic]:
        (t0, y0, slope), (t, t_next, y_next, t1, y1) = last, knot
        there = ~jnp.isnan(y0) & ~jnp.isnan(y1)
        # Where there is no polynomial, zeros go through the formula: a `nan` would come back in its gradient.
        length = jnp.where(there, t1 - t0, 1)
        rise = jnp.where(there, y1 - y0, 0) / length
        b = jnp.where(jnp.isnan(slope) | ~there, rise, slope)
        c = 2 * (rise - b) / length
        expanded = about(t - t0, -c / (2 * length), c, b, jnp.where(there, y0, 0))
        skip = jnp.isnan(y_next)
        last = (
            jnp.where(skip, t0, t_next),
            jnp.where(skip, y0, y_next),
            jnp.where(skip, slope, jnp.where(there, rise, jnp.nan)),
        )
        return last, known(there, expanded)

    following = next_observed(ts[1:], ys[1:])
    return jax.lax.scan(piece, start, (ts[:-1], ts[1:], ys[1:], *following))[1]
