"""Natural cubic splines."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core.types import Times
from nde.paths.interpolation.channels import side_by_side
from nde.paths.interpolation.cubic import Coefficients
from nde.paths.interpolation.observed import Row, Series, series, times_of
from nde.paths.interpolation.segment import Cubic, about, by_power, known


def natural_cubic_coefficients(
    ts: Times, ys: PyTree[Any], *, fill_forward_nans_at_end: bool = False, replace_nans_at_start: PyTree[Any] = None
) -> Coefficients:
    """Compute natural cubic splines: twice continuously differentiable, the second derivative zero at both ends.

    It is the smoothest of all paths through the data, and everywhere it depends on all of them, later ones too: for
    what is to be known in time, use `backward_hermite_coefficients` or `rectilinear_interpolation`. Each channel has
    its own observations; a gap is one cubic polynomial, given about each of the times in it. Through two observations
    the path is straight.

    Args:
        ts: Increasing times of shape `(times,)`, at least two; that they increase is not checked.
        ys: The values there, a pytree of arrays with a leading axis `(times,)`; `nan` where nothing was observed.
        fill_forward_nans_at_end: Whether what is missing behind the last observation of a channel is that observation
            again, at each time; it then counts as observed. Default: the coefficients there are `nan`.
        replace_nans_at_start: The value at `ts[0]` of channels that are missing there: a number, or a pytree as `ys`
            or its upper part, without the leading axis. It then counts as observed. Default: the coefficients before
            the first observation are `nan`.

    Returns:
        `(d, c, b, a)`, each a pytree as `ys` with a leading axis `(times - 1,)`: between `ts[i]` and `ts[i + 1]` the
        path is `d[i] x^3 + c[i] x^2 + b[i] x + a[i]` with `x = t - ts[i]`. All `nan` in a channel with fewer than two
        observations.

    Raises:
        ValueError: If `ts` is not one-dimensional, there are fewer than two times, or an array has a shape that
            does not fit.

    Source: Kidger, Morrill, Foster and Lyons, *Neural controlled differential equations for irregular time series*
    (2020), doi:10.48550/arXiv.2005.08926.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        ts, ys = jnp.array([0.0, 1.0, 2.0, 3.0]), jnp.array([0.0, 1.0, jnp.nan, 0.0])
        path = nde.CubicInterpolation(ts, nde.natural_cubic_coefficients(ts, ys))
        print(path.evaluate(2.0))
        ```
    """
    ts, ys = series("natural_cubic_coefficients", ts, ys, fill_forward_nans_at_end, replace_nans_at_start)
    leaves = jax.tree.map(lambda y: _coefficients(times_of(ts, y), y), ys)
    return by_power(ys, leaves)


@jax.jit
@side_by_side
def _coefficients(ts: Array, ys: Series) -> Cubic:
    """Back from knot to knot, with the start and the coefficients of the piece that the knot lies in."""
    eliminated = _eliminate(ts, ys)
    nowhere = jnp.full_like(ys[0], jnp.nan)
    zero = jnp.zeros_like(ys[0])
    start = jnp.broadcast_to(ts[-1], zero.shape), nowhere, zero, zero, zero

    def piece(later: tuple[Row, ...], knot: tuple[Array, ...]) -> tuple[tuple[Row, ...], Cubic]:
        """The piece that holds the knot `t`: the one of before, unless there is an observation at the next knot."""
        t, t1, y1, t0, y0, e, f = knot
        ends = ~jnp.isnan(y1)
        there = ends & ~jnp.isnan(y0)
        length = jnp.where(there, t1 - t0, 1)
        rise = jnp.where(there, y1 - y0, 0) / length
        m1 = 2 * later[3]
        m0 = e - f * m1
        new = (t0, y0, (m1 - m0) / (6 * length), m0 / 2, rise - length * (2 * m0 + m1) / 6)
        here = tuple(jnp.where(ends, n, o) for n, o in zip(new, later, strict=True))
        start, y, d, c, b = here
        there = ~jnp.isnan(y)
        return here, known(there, about(t - start, d, c, b, jnp.where(there, y, 0)))

    return jax.lax.scan(piece, start, (ts[:-1], ts[1:], ys[1:], *eliminated), reverse=True)[1]


def _eliminate(ts: Array, ys: Series) -> tuple[Array, Array, Array, Array]:
    """The way forward of Thomas's algorithm, for the second derivatives `m` at the observations.

    With lengths `h` and slopes `r` of the pieces before and behind an observation,
    `h- m- + 2 (h- + h+) m + h+ m+ = 6 (r+ - r-)`. The row of an observation is eliminated when the next one is met, and
    becomes `m = e - f m+`; a knot in between leaves all as it is.

    Returns:
        For each knot but the first, time and value of the last observation before it, `e` and `f`; the latter are
        meant only if there is an observation at the knot.
    """
    zero = jnp.zeros_like(ys[0])
    real = jnp.zeros_like(zero, ts.dtype)

    def row(last: tuple[Row, ...], knot: tuple[Array, Row]) -> tuple[tuple[Row, ...], tuple[Row, Row, Row, Row]]:
        (t0, y0, before, slope, e, f), (t1, y1) = last, knot
        skip = jnp.isnan(y1)
        there = ~skip & ~jnp.isnan(y0)
        length = jnp.where(there, t1 - t0, 1)
        rise = jnp.where(there, y1 - y0, 0) / length
        inner = there & (before > 0)
        pivot = 2 * (before + length) - before * f
        e1 = jnp.where(inner, 6 * (rise - slope) - before * e, 0) / pivot
        f1 = jnp.where(inner, length / pivot, 0)
        new = (t1, y1, jnp.where(there, length, 0), rise, e1, f1)
        return tuple(jnp.where(skip, o, n) for n, o in zip(new, last, strict=True)), (t0, y0, e1, f1)

    start = real + ts[0], ys[0], real, zero, zero, real
    return jax.lax.scan(row, start, (ts[1:], ys[1:]))[1]
