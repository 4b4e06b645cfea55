"""The inner product of the whole signatures of two paths."""

import functools

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from nde.losses.static import AbstractStaticKernel, LinearKernel


def signature_kernel(
    x: Float[Array, "*batch_x rows channels"],
    y: Float[Array, "*batch_y columns channels"],
    *,
    refinement: int = 0,
    static: AbstractStaticKernel = LinearKernel(),
) -> Float[Array, "..."]:
    """The inner product of the signatures of the straight lines through points, all levels of them.

    It is the value at the ends of `u`, where `d^2 u / (ds dt) = <dx/ds, dy/dt> u` and `u = 1` where one of the paths
    begins. The equation is solved on the grid of both paths' points, one antidiagonal after the other.

    Args:
        x: Points of one path, or of several.
        y: Points of another, of as many channels. Leading axes are broadcast: `signature_kernel(x[:, None], y[None])`
            is the matrix for all pairs.
        refinement: How often each step of both paths is halved: a halving divides the error by about
            four, and takes four times as long.
        static: Into whose feature space the paths are lifted before.

    Returns:
        The kernel, of the broadcast leading axes.

    Raises:
        ValueError: If a path has fewer than two points, or `refinement` is negative.

    Source: Salvi, Cass, Foster, Lyons and Yang, *The signature kernel is the solution of a Goursat PDE* (2021),
    doi:10.1137/20M1366794.

    Example:
        ```python
        import jax
        from nde.losses import signature_kernel

        x, y = jax.random.normal(jax.random.key(0), (2, 6, 3)) / 3
        print(signature_kernel(x, y, refinement=2))
        ```
    """
    if min(x.shape[-2], y.shape[-2]) < 2:
        raise ValueError(f"Got paths of {x.shape[-2]} and {y.shape[-2]} points; at least two are wanted.")
    if refinement < 0:
        raise ValueError(f"Got refinement={refinement}; a number of halvings is wanted, zero or more.")
    return _goursat(static.increments(x, y), refinement)


@functools.partial(jax.jit, static_argnames="refinement")
def _goursat(increments: Float[Array, "..."], refinement: int) -> Float[Array, "..."]:
    """The value in the last corner, of the grid whose cells have these increments."""
    batch, (rows, columns) = increments.shape[:-2], increments.shape[-2:]
    # Pairs come last: each operation is then one over long contiguous rows.
    cells = jnp.moveaxis(increments.reshape(-1, rows, columns), 0, -1)
    cells = jnp.repeat(jnp.repeat(cells / 4**refinement, 2**refinement, axis=0), 2**refinement, axis=1)
    ones = jnp.ones((cells.shape[0] + 1, cells.shape[-1]), cells.dtype)
    (_, last), _ = jax.lax.scan(jax.checkpoint(_next_diagonal), (ones, ones), _antidiagonals(cells))
    return last[-1].reshape(batch)


def _next_diagonal(
    diagonals: tuple[Array, Array], cells: Float[Array, "rows pairs"]
) -> tuple[tuple[Array, Array], None]:
    """The values on the next antidiagonal, from those on the last two; the scheme is of the second order.

    Outside the grid increments are zero, so that ones before its edges stay ones.
    """
    before, now = diagonals
    squares = cells**2 / 12
    inner = (now[:-1] + now[1:]) * (1 + cells / 2 + squares) - before[:-1] * (1 - squares)
    return (now, jnp.concatenate([now[:1], inner])), None


def _antidiagonals(cells: Float[Array, "rows columns pairs"]) -> Float[Array, "diagonals rows pairs"]:
    """The cells of each antidiagonal in a row of its own, at the place of their row; zero where there is none."""
    rows, columns, pairs = cells.shape
    wide = jnp.pad(cells, ((0, 0), (0, rows), (0, 0))).reshape(-1, pairs)
    # A row that is shorter by one moves each row of cells one to the right of that above.
    return jnp.swapaxes(wide[:-rows].reshape(rows, rows + columns - 1, pairs), 0, 1)
