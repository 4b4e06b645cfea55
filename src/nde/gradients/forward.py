"""Forward mode."""

from nde.gradients.base import AbstractAdjoint
from nde.gradients.modes import forward_mode_only
from nde.integrate.outcome import Outcome, solve_plainly
from nde.integrate.problem import Differentiable, Setup


class ForwardMode(AbstractAdjoint):
    """Forward-mode derivatives (`jax.jvp`, `jax.jacfwd`): the tangents are carried along in the loop.

    Costs about one more solve for each direction and no memory; choose it for few inputs and many outputs. It has no
    reverse mode.

    Example:
        ```python
        import jax
        import nde

        def final(y0):
            term = nde.ODETerm(lambda t, y, args: -y)
            return nde.diffeqsolve(term, nde.Tsit5(), 0.0, 1.0, 0.1, y0, adjoint=nde.ForwardMode()).ys[0]

        print(jax.jvp(final, (1.0,), (1.0,)))
        ```
    """

    def solve(self, problem: Differentiable, setup: Setup) -> Outcome:
        """The plain loop, which JAX can differentiate forward."""
        return forward_mode_only(solve_plainly(problem, setup), type(self).__name__)
