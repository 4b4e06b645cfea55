"""Anderson acceleration."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from nde.core.types import IntScalar, RealScalar
from nde.implicit.cholesky import cholesky_solve
from nde.roots.iteration import AbstractIterativeSolver, Proposal, Residual
from nde.roots.linear import no_trouble
from nde.roots.members import Coefficients, OfMembers, Rows, Vectors, combination, norm_of, products, put


class Differences(eqx.Module):
    """The last differences of points and residuals, in rings.

    Attributes:
        x: The last point.
        h: The residual there.
        dx: Differences of points.
        dh: Of residuals.
        gram: The inner products of `dh`.
        count: How many a member uses: those since it began anew.
        lowest: The lowest norm of a residual so far.
    """

    x: Rows
    h: Rows
    dx: Vectors
    dh: Vectors
    gram: Float[Array, "members memory memory"]
    count: Int[Array, " members"]
    lowest: OfMembers


class Anderson(AbstractIterativeSolver):
    r"""Anderson acceleration of type II: a mixture of the last steps, the best one if `f` were linear.

    The next point is $x + \beta h - (\Delta X + \beta \Delta H) \gamma$ with $h = f(x) - x$ and
    $\gamma = \arg\min |h - \Delta H \gamma|$, where $\Delta X$ and $\Delta H$ are the last differences. A member of a
    batch has its own mixture. While its residual is above the lowest so far, it forgets its differences and takes plain
    steps: without this safeguard some members wander for longer than by `Picard()`.

    Attributes:
        memory: How many differences.
        damping: The factor `β`.
        ridge: Regularization of the least squares, relative to the mean square of the differences.
        restart: The factor by which the residual may be above the lowest so far.

    Source: Walker and Ni, *Anderson acceleration for fixed-point iterations* (2011), doi:10.1137/10078356X.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        weights = 0.3 * jnp.cos(jnp.arange(16.0)).reshape(4, 4)
        layer = lambda z, x: jnp.tanh(weights @ z + x)
        for solver in (nde.implicit.Picard(), nde.implicit.Anderson()):
            print(nde.implicit.fixed_point(layer, jnp.zeros(4), jnp.ones(4), solver=solver).stats["num_steps"])
        ```
    """

    memory: int = eqx.field(static=True, default=5)
    damping: RealScalar = 1.0
    ridge: RealScalar = 1e-5
    restart: RealScalar = 1.0

    def init(self, residual: Residual, x: Rows, h: Rows) -> Differences:
        """No differences."""
        del residual
        members, numbers = x.shape
        window = jnp.zeros((members, self.memory, numbers), x.dtype)
        gram = jnp.zeros((members, self.memory, self.memory), x.dtype)
        return Differences(x, h, window, window, gram, jnp.zeros(x.shape[:1], jnp.int32), norm_of(h))

    def step(self, residual: Residual, k: IntScalar, x: Rows, h: Rows, state: Differences) -> Proposal:
        """The mixture."""
        del residual
        state, used = self._remember(k, x, h, state)
        along = jnp.where(used, products(state.dh, h), 0)
        gamma = self._mixture(state.gram, along, used)
        beta = jnp.asarray(self.damping, x.dtype)
        step = combination(gamma, state.dx) + beta * combination(gamma, state.dh)
        return Proposal(x + beta * h - step, state, no_trouble(x))

    def _remember(
        self, k: IntScalar, x: Rows, h: Rows, old: Differences
    ) -> tuple[Differences, Bool[Array, "members memory"]]:
        """The differences with the last one, and which of them a member uses."""
        slot = jnp.remainder(k - 1, self.memory)
        dh = put(old.dh, h - old.h, slot)
        with_last = products(dh, h - old.h)
        gram = jax.lax.dynamic_update_index_in_dim(put(old.gram, with_last, slot), with_last, slot, 2)
        norm = norm_of(h)
        grown = norm > jnp.asarray(self.restart, x.dtype) * old.lowest
        count = jnp.where(grown | (k == 0), 0, jnp.minimum(old.count + 1, self.memory))
        age = jnp.remainder(slot - jnp.arange(self.memory, dtype=jnp.int32), self.memory)
        dx, lowest = put(old.dx, x - old.x, slot), jnp.minimum(norm, old.lowest)
        return Differences(x, h, dx, dh, gram, count, lowest), age[None] < count[:, None]

    def _mixture(self, gram: Array, along: Array, used: Array) -> Coefficients:
        """The regularized least squares; zero for differences that are not used."""
        gram = jnp.where(used[:, :, None] & used[:, None], gram, 0)
        size = jnp.trace(gram, axis1=1, axis2=2) / self.memory
        ridge = jnp.asarray(self.ridge, gram.dtype) * size
        ridge = jnp.where(size > 0, ridge, jnp.ones_like(ridge))
        return cholesky_solve(gram + ridge[:, None, None] * jnp.eye(self.memory, dtype=gram.dtype)[None], along)
