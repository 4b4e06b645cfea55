"""Fixed-point iteration."""

import jax.numpy as jnp

from nde.core.types import IntScalar, RealScalar
from nde.roots.iteration import AbstractIterativeSolver, Proposal, Residual
from nde.roots.linear import no_trouble
from nde.roots.members import Rows


class Picard(AbstractIterativeSolver):
    r"""Fixed-point iteration, $x + \beta (f(x) - x)$: Picard's with `damping=1`, damped below.

    It converges if `f` contracts. With a `damping` that is small enough it also converges if the eigenvalues of the
    derivative of `f` have real parts below one.

    Attributes:
        damping: The factor `β`.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        flip = lambda x, args: 3.0 - 1.5 * x  # does not contract
        sol = nde.implicit.fixed_point(flip, 0.0, solver=nde.implicit.Picard(damping=0.5))
        print(sol.value, sol.stats["num_steps"])
        ```
    """

    damping: RealScalar = 1.0

    def init(self, residual: Residual, x: Rows, h: Rows) -> None:
        """Nothing."""
        del residual, x, h

    def step(self, residual: Residual, k: IntScalar, x: Rows, h: Rows, state: None) -> Proposal:
        """The next point."""
        del residual, k
        return Proposal(x + jnp.asarray(self.damping, x.dtype) * h, state, no_trouble(x))
