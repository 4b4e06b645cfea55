"""The derivative of all steps."""

import jax

from nde.implicit.gradients.base import AbstractFixedPointGradient
from nde.implicit.problem import FixedPoint
from nde.roots.iteration import Iterate
from nde.roots.members import Rows


class UnrolledGradient(AbstractFixedPointGradient):
    """The derivative of the iteration that was run, through every step, also to `x0`.

    Both modes of differentiation, in any nesting. Reverse mode keeps what `max_steps` steps need, however many are
    taken: choose a small `max_steps`.

    Source: Griewank and Walther, *Evaluating derivatives* (2008), doi:10.1137/1.9780898717761.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde

        layer = lambda z, x: jnp.tanh(0.5 * z + x)
        gradient = nde.implicit.UnrolledGradient()
        out = lambda x: nde.implicit.fixed_point(layer, 0.0, x, gradient=gradient, max_steps=20).value
        print(jax.grad(out)(1.0))
        ```
    """

    def solve(self, problem: FixedPoint) -> tuple[Iterate, Rows]:
        """The iteration in a loop of bounded length, which JAX differentiates."""
        iteration = problem.iteration

        def step(it: Iterate, _: None) -> tuple[Iterate, None]:
            return jax.lax.cond(iteration.unfinished(it), lambda it: iteration.advance(it), lambda it: it, it), None

        end, _ = jax.lax.scan(step, iteration.start(problem.x0), None, length=problem.max_steps)
        end = iteration.finish(end)
        return end, end.best
