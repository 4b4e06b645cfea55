"""The signature kernel: the inner product of untruncated signatures."""

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
    """Signature kernel of piecewise linear paths: the inner product of their untruncated signatures.

    The kernel is the value of `u` at the ends of both paths, where `u` solves the Goursat problem
    `d^2 u / (ds dt) = <dx/ds, dy/dt> u` with `u = 1` at the start of either path. The equation is solved on the grid
    of both paths' points, one antidiagonal at a time.

    Args:
        x: Points of one path, or of several, of shape `(*batch_x, rows, channels)`.
        y: Points of another, of shape `(*batch_y, columns, channels)`. Leading axes are broadcast:
            `signature_kernel(x[:, None], y[None])` is the Gram matrix of all pairs.
        refinement: How many times each step of both paths is halved. Each halving divides the error by about four and
            takes four times as long.
        static: The static kernel whose feature space the paths are lifted to.

    Returns:
        The kernel, of the shape of the broadcast leading axes.

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
        raise ValueError(f"Paths must have at least two points; got {x.shape[-2]} and {y.shape[-2]}.")
    if refinement < 0:
        raise ValueError(f"refinement must be non-negative; got {refinement}.")
    return _goursat(static.increments(x, y), refinement)


@functools.partial(jax.jit, static_argnames="refinement")
def _goursat(increments: Float[Array, "..."], refinement: int) -> Float[Array, "..."]:
    """The solution at the last corner of the grid whose cells have these increments."""
    batch, (rows, columns) = increments.shape[:-2], increments.shape[-2:]
    # Pairs come last, so that each operation runs over long contiguous rows.
    cells = jnp.moveaxis(increments.reshape(-1, rows, columns), 0, -1)
    cells = jnp.repeat(jnp.repeat(cells / 4**refinement, 2**refinement, axis=0), 2**refinement, axis=1)
    ones = jnp.ones((cells.shape[0] + 1, cells.shape[-1]), cells.dtype)
    (_, last), _ = jax.lax.scan(jax.checkpoint(_next_diagonal), (ones, ones), _antidiagonals(cells))
    return last[-1].reshape(batch)


def _next_diagonal(
    diagonals: tuple[Array, Array], cells: Float[Array, "rows pairs"]
) -> tuple[tuple[Array, Array], None]:
    """The values on the next antidiagonal, from those on the last two, by a second-order scheme.

    Increments outside the grid are zero, so that the boundary values of one stay one.
    """
    before, now = diagonals
    squares = cells**2 / 12
    inner = (now[:-1] + now[1:]) * (1 + cells / 2 + squares) - before[:-1] * (1 - squares)
    return (now, jnp.concatenate([now[:1], inner])), None


def _antidiagonals(cells: Float[Array, "rows columns pairs"]) -> Float[Array, "diagonals rows pairs"]:
    """The cells of each antidiagonal in a separate row, at the index of their row; zero where there is none."""
    rows, columns, pairs = cells.shape
    wide = jnp.pad(cells, ((0, 0), (0, rows), (0, 0))).reshape(-1, pairs)
    # Rows shorter by one shift each row of cells one to the right of the row above.
    return jnp.swapaxes(wide[:-rows].reshape(rows, rows + columns - 1, pairs), 0, 1)
