"""Linear systems by GMRES, one for each member of a batch."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from nde.core.lanes import any_lane
from nde.core.results import RESULTS
from nde.core.types import IntScalar, RealScalar
from nde.roots.linear import AbstractLinearSolver, LinearSolution, Matvec, code_where
from nde.roots.members import (
    Coefficients,
    OfMembers,
    Rows,
    Vectors,
    combination,
    dot,
    norm_of,
    products,
    put,
    put_number,
    where_member,
)


class GMRES(AbstractLinearSolver):
    r"""Linear systems by the generalized minimal residual method, restarted, from products with the Jacobian alone.

    It minimizes `|b - J x|` over a growing Krylov space, in the simpler form of Walker and Zhou: the orthonormal basis
    is one of the images, so that the residual needs no rotations. Each member stops by itself.

    Attributes:
        rtol: Of the residual, relative to the right-hand side; `None` for the square root of the machine epsilon.
        restart: Most vectors in the basis, of which two sets are kept.
        max_steps: Most products with the Jacobian, rounded up to whole restarts.

    Source: Walker and Zhou, *A simpler GMRES* (1994), doi:10.1002/nla.1680010605.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde

        weights = 0.1 * jnp.cos(jnp.arange(64.0)).reshape(8, 8)
        gradient = nde.implicit.ImplicitGradient(nde.implicit.GMRES(rtol=1e-6, restart=8))
        layer = lambda z, x: jnp.tanh(weights @ z + x)
        out = lambda x: nde.implicit.fixed_point(layer, jnp.zeros(8), x, gradient=gradient).value.sum()
        print(jax.grad(out)(jnp.ones(8)))
        ```
    """

    rtol: RealScalar | None = None
    restart: int = eqx.field(static=True, default=20)
    max_steps: int = eqx.field(static=True, default=200)

    def init(self, matvec: Matvec, like: Rows) -> None:
        """Nothing."""
        del matvec, like

    def solve(self, factors: None, matvec: Matvec, b: Rows, transposed: bool = False) -> LinearSolution:
        """The solution, cycle by cycle."""
        del factors, transposed
        goal = _goal(self.rtol, b)
        size = min(self.restart, b.shape[1])

        def unfinished(carry: tuple[Rows, Rows, IntScalar]) -> Array:
            _, r, k = carry
            return (k < self.max_steps) & any_lane(norm_of(r) > goal)

        def cycle(carry: tuple[Rows, Rows, IntScalar]) -> tuple[Rows, Rows, IntScalar]:
            x, r, k = carry
            better = x + _krylov_step(matvec, r, goal, size)
            x = where_member(norm_of(r) > goal, better, x)
            return x, b - matvec(x), k + size

        x, r, _ = jax.lax.while_loop(unfinished, cycle, (jnp.zeros_like(b), b, jnp.zeros((), jnp.int32)))
        return LinearSolution(x, code_where(~(norm_of(r) <= goal), RESULTS.no_linear_convergence))


def _goal(rtol: RealScalar | None, b: Rows) -> OfMembers:
    goal = float(jnp.finfo(b.dtype).eps) ** 0.5 if rtol is None else rtol
    return jnp.asarray(goal, b.dtype) * norm_of(b)


class _Krylov(eqx.Module):
    """A cycle: directions, their orthonormal images with the triangular factor, and what is left of the residual."""

    directions: Vectors
    images: Vectors
    factor: Float[Array, "members size size"]
    along: Coefficients
    r: Rows
    k: IntScalar


def _krylov_step(matvec: Matvec, r: Rows, goal: OfMembers, size: int) -> Rows:
    """What to add to the solution: the step of the Krylov space that leaves the smallest residual."""
    members, numbers = r.shape
    start = _Krylov(
        directions=jnp.zeros((members, size, numbers), r.dtype),
        images=jnp.zeros((members, size, numbers), r.dtype),
        factor=jnp.zeros((members, size, size), r.dtype),
        along=jnp.zeros((members, size), r.dtype),
        r=r,
        k=jnp.zeros((), jnp.int32),
    )
    end = jax.lax.while_loop(
        lambda s: (s.k < size) & any_lane(norm_of(s.r) > goal), lambda s: _grow(matvec, s, r, goal), start
    )
    return combination(_back_substitute(end.factor, end.along), end.directions)


def _grow(matvec: Matvec, s: _Krylov, first: Rows, goal: OfMembers) -> _Krylov:
    """One direction more; for a member that is done, it is zero."""
    last = jax.lax.dynamic_index_in_dim(s.images, jnp.maximum(s.k - 1, 0), 1, keepdims=False)
    direction = jnp.where(s.k == 0, _unit(first)[0], last)
    direction = where_member(norm_of(s.r) > goal, direction, jnp.zeros_like(direction))
    image, along = _orthogonalize(matvec(direction), s.images)
    image, length = _unit(image)
    share = dot(image, s.r)
    column = put_number(along, length, s.k)
    return _Krylov(
        directions=put(s.directions, direction, s.k),
        images=put(s.images, image, s.k),
        factor=jax.lax.dynamic_update_index_in_dim(s.factor, column, s.k, 2),
        along=put_number(s.along, share, s.k),
        r=s.r - share[:, None] * image,
        k=s.k + 1,
    )


def _orthogonalize(w: Rows, images: Vectors) -> tuple[Rows, Coefficients]:
    """What is orthogonal to the images, and the rest in terms of them; twice, for rounding leaves some at first."""
    total = jnp.zeros(images.shape[:2], w.dtype)
    for _ in range(2):
        along = products(images, w)
        w = w - combination(along, images)
        total = total + along
    return w, total


def _unit(w: Rows) -> tuple[Rows, OfMembers]:
    """The unit vector, or zero, and the length."""
    length = jnp.sqrt(dot(w, w))
    return w / jnp.where(length > 0, length, jnp.ones_like(length))[:, None], length


def _back_substitute(factor: Float[Array, "members size size"], along: Coefficients) -> Coefficients:
    """The solution of the triangular system; zero in a direction that the Jacobian takes to zero."""
    size = along.shape[1]

    def row(i: IntScalar, y: Coefficients) -> Coefficients:
        k = size - 1 - i
        entries = jax.lax.dynamic_index_in_dim(factor, k, 1, keepdims=False)
        diagonal = jax.lax.dynamic_index_in_dim(entries, k, 1, keepdims=False)
        rest = jax.lax.dynamic_index_in_dim(along, k, 1, keepdims=False) - dot(entries, y)
        return put_number(y, jnp.where(diagonal > 0, rest / jnp.where(diagonal > 0, diagonal, 1), 0), k)

    return jax.lax.fori_loop(0, size, row, jnp.zeros_like(along))
