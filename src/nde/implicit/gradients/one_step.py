"""The derivative of one step at the fixed point."""

from nde.implicit.gradients.base import AbstractFixedPointGradient
from nde.implicit.gradients.phantom import PhantomGradient
from nde.implicit.problem import FixedPoint
from nde.roots.iteration import Iterate
from nde.roots.members import Rows


class OneStepGradient(AbstractFixedPointGradient):
    """The derivative of `f` at the fixed point alone, as if `x` there were a constant; also called Jacobian-free.

    It costs one evaluation. Relative to the gradient its error is about the norm of `∂f/∂x`: exact for Newton's method
    written as a map, poor for a map that barely contracts.

    Source: Bolte, Pauwels and Vaiter, *One-step differentiation of iterative algorithms* (2023),
    doi:10.48550/arXiv.2305.13768.

    Example:
        ```python
        import jax
        import nde

        newton = lambda x, a: (x + a / x) / 2
        sqrt = lambda a: nde.implicit.fixed_point(newton, 1.0, a, gradient=nde.implicit.OneStepGradient()).value
        print(jax.grad(sqrt)(4.0))
        ```
    """

    def solve(self, problem: FixedPoint) -> tuple[Iterate, Rows]:
        """The plain iteration, with the derivative of one step after it."""
        return PhantomGradient(steps=1, damping=1.0).solve(problem)
