"""Anderson acceleration."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from nde.core.types import IntScalar, RealScalar
from nde.implicit.cholesky import cholesky_solve
from nde.roots.iteration import AbstractIterativeSolver, Proposal, Residual
from nde.roots.linear import no_trouble
from nde.roots.members import Rows, norm_of, put

Window = Float[Array, "memory members numbers"]


class Differences(eqx.Module):
    """The last differences of points and residuals, in rings.

    Attributes:
        x: The last point.
        h: The residual there.
        dx: Differences of points.
        dh: Of residuals.
        gram: The inner products of `dh`.
        count: How many a member uses: those since it began anew.
    """

    x: Rows
    h: Rows
    dx: Window
    dh: Window
    gram: Float[Array, "memory memory members"]
    count: Int[Array, " members"]


class Anderson(AbstractIterativeSolver):
    r"""Anderson acceleration of type II: a mixture of the last steps, the best one if `f` were linear.

    The next point is $x + \beta h - (\Delta X + \beta \Delta H) \gamma$ with $h = f(x) - x$ and
    $\gamma = \arg\min |h - \Delta H \gamma|$, where $\Delta X$ and $\Delta H$ are the last differences. A member of a
    batch has its own mixture. If its residual has grown by the factor `restart`, it forgets its differences and
    goes on with a plain step.

    Attributes:
        memory: How many differences.
        damping: The factor `β`.
        ridge: Regularization of the least squares, relative to the mean square of the differences.
        restart: The growth of the residual in one step that a member begins anew at.

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

    memory: int = 5
    damping: RealScalar = 1.0
    ridge: RealScalar = 1e-5
    restart: RealScalar = 2.0

    def init(self, residual: Residual, x: Rows, h: Rows) -> Differences:
        """No differences."""
        del residual
        window = jnp.zeros((self.memory, *x.shape), x.dtype)
        gram = jnp.zeros((self.memory, self.memory, x.shape[0]), x.dtype)
        return Differences(x, h, window, window, gram, jnp.zeros(x.shape[:1], jnp.int32))

    def step(self, residual: Residual, k: IntScalar, x: Rows, h: Rows, state: Differences) -> Proposal:
        """The mixture."""
        del residual
        state, used = self._remember(k, x, h, state)
        along = jnp.where(used, jnp.sum(state.dh * h[None], axis=2), 0)
        gamma = self._mixture(state.gram, along, used)
        beta = jnp.asarray(self.damping, x.dtype)
        step = jnp.sum(gamma[:, :, None] * (state.dx + beta * state.dh), axis=0)
        return Proposal(x + beta * h - step, state, no_trouble(x))

    def _remember(
        self, k: IntScalar, x: Rows, h: Rows, old: Differences
    ) -> tuple[Differences, Bool[Array, "memory members"]]:
        """The differences with the last one, and which of them a member uses."""
        slot = jnp.remainder(k - 1, self.memory)
        dh = put(old.dh, h - old.h, slot)
        products = jnp.sum(dh * (h - old.h)[None], axis=2)
        gram = jax.lax.dynamic_update_index_in_dim(put(old.gram, products, slot), products, slot, 1)
        grown = norm_of(h) > jnp.asarray(self.restart, x.dtype) * norm_of(old.h)
        count = jnp.where(grown | (k == 0), 0, jnp.minimum(old.count + 1, self.memory))
        age = jnp.remainder(slot - jnp.arange(self.memory, dtype=jnp.int32), self.memory)
        return Differences(x, h, put(old.dx, x - old.x, slot), dh, gram, count), age[:, None] < count[None]

    def _mixture(self, gram: Array, along: Array, used: Array) -> Float[Array, "memory members"]:
        """The regularized least squares; zero for differences that are not used."""
        both = used[:, None] & used[None]
        unit = jnp.eye(self.memory, dtype=gram.dtype)[:, :, None]
        size = jnp.trace(jnp.where(both, gram, 0)) / self.memory
        ridge = jnp.asarray(self.ridge, gram.dtype) * size
        ridge = jnp.where(size > 0, ridge, jnp.ones_like(ridge))
        return cholesky_solve(jnp.where(both, gram, 0) + ridge[None, None] * unit, along)
