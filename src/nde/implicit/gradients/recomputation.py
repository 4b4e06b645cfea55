"""The states of a reversible iteration, computed again where undoing its steps has lost too many digits."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from nde.core.types import BoolScalar, IntScalar
from nde.implicit.reversible_picard import ReversiblePicard
from nde.roots.linear import Codes
from nde.roots.members import Rows, where_member

States = tuple[Rows, Rows]
"""Both states of `ReversiblePicard`."""


class Recomputation(eqx.Module):
    """The states after any number of steps.

    Attributes:
        f: The map.
        solver: The iteration.
        x0: Where it begins.
        steps: How many steps each member took.
    """

    f: Callable[[Rows], Rows]
    solver: ReversiblePicard
    x0: Rows
    steps: Codes

    def states_if(self, due: BoolScalar, n: IntScalar, otherwise: States) -> States:
        """Those after `n` steps if that is due."""
        return jax.lax.cond(due, lambda: self._states_after(n), lambda: otherwise)

    def _states_after(self, n: IntScalar) -> States:
        def step(i: IntScalar, states: States) -> States:
            x, y = states
            new_y = self.solver.mix(y, self.f(x))
            return where_member(i < self.steps, (self.solver.mix(x, self.f(new_y)), new_y), states)

        return jax.lax.fori_loop(0, n, step, (self.x0, self.x0))


def steps_until_due(solver: ReversiblePicard, dtype: Any) -> IntScalar:
    """How many steps can be undone until rounding has taken half of all digits.

    The determinant of a step of both states, for each eigenvalue of the derivative of `f`, is `(1 - β)^2`. Where one of
    its eigenvalues is near 1, because the iteration converges slowly, undoing divides by the other: `(1 - β)^2`.
    """
    kept, _ = solver.shares(dtype)
    half = -0.5 * jnp.log(jnp.asarray(jnp.finfo(dtype).eps, dtype))
    return jnp.maximum(half / (-2 * jnp.log(kept)), 1).astype(jnp.int32)
