"""Data that are held until new ones come."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree, Real, Shaped

from nde.core.types import Times
from nde.paths.interpolation.observed import Series, last_observed, series


def rectilinear_interpolation(
    ts: Times, ys: PyTree[Any], replace_nans_at_start: PyTree[Any] = None
) -> tuple[Real[Array, " knots"], PyTree[Array]]:
    """Let time and data advance in turn: first time, while the data are held, then the data.

    From times `t0, t1, t2` and values `y0, y1, y2` come the times `t0, t1, t1, t2, t2` and the values
    `y0, y0, y1, y1, y2`. A missing value is the last one that was observed in its channel. So nothing is known before
    it was observed, whatever is missing.

    The times are knots of a `LinearInterpolation`, which then jumps at each observation. To drive an equation, make
    time one of the channels and number the knots instead, as the example does: then nothing jumps.

    Args:
        ts: Increasing times of shape `(times,)`, at least two; that they increase is not checked.
        ys: The values there, a pytree of arrays with a leading axis `(times,)`; `nan` where nothing was observed.
        replace_nans_at_start: The value before the first observation: a number, or a pytree as `ys` or its upper part,
            without the leading axis. Default: it stays `nan`.

    Returns:
        The times and the values, each with a leading axis `(2 times - 1,)`.

    Raises:
        ValueError: If `ts` is not one-dimensional, there are fewer than two times, or an array has a shape that
            does not fit.

    Source: Morrill, Kidger, Yang and Lyons, *Neural controlled differential equations for online prediction tasks*
    (2021), doi:10.48550/arXiv.2106.11028.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        ts, ys = nde.rectilinear_interpolation(jnp.array([0.0, 2.0, 3.0]), jnp.array([5.0, 6.0, jnp.nan]))
        print(ts, ys)
        control = nde.LinearInterpolation(jnp.arange(5), jnp.stack([ts, ys], axis=-1))
        ```
    """
    ts, ys = series("rectilinear_interpolation", ts, ys, False, replace_nans_at_start)
    return jnp.repeat(ts, 2)[1:], jax.tree.map(_held, ys)


@jax.jit
def _held(ys: Series) -> Shaped[Array, "knots *channels"]:
    return jnp.repeat(last_observed(ys), 2, axis=0)[:-1]
