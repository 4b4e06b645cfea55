"""The derivative of a few steps at the fixed point."""

import equinox as eqx
import jax
import jax.numpy as jnp

from nde.core.types import RealScalar
from nde.implicit.gradients.base import AbstractFixedPointGradient, solve_plainly, with_derivative_of
from nde.implicit.problem import FixedPoint
from nde.roots.iteration import Iterate
from nde.roots.members import Rows


class PhantomGradient(AbstractFixedPointGradient):
    r"""The derivative of some damped steps at the fixed point, $x + \lambda (f(x) - x)$: a truncated Neumann series.

    It points in about the direction of the gradient and costs as much as those steps. Its error falls by the rate at
    which they converge, each.

    Attributes:
        steps: How many.
        damping: The factor `λ`.

    Raises:
        ValueError: If `steps` is not positive.

    Source: Geng, Zhang, Bai, Wang and Lin, *On training implicit models* (2021), doi:10.48550/arXiv.2111.05177.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde

        layer = lambda z, x: jnp.tanh(0.5 * z + x)
        for steps in (1, 3, 10):
            gradient = nde.implicit.PhantomGradient(steps, damping=1.0)
            print(jax.grad(lambda x: nde.implicit.fixed_point(layer, 0.0, x, gradient=gradient).value)(1.0))
        ```
    """

    steps: int = eqx.field(static=True, default=5)
    damping: RealScalar = 0.5

    def __check_init__(self) -> None:
        if self.steps < 1:
            raise ValueError(f"`PhantomGradient` got `steps={self.steps}`; expected at least 1.")

    def solve(self, problem: FixedPoint) -> tuple[Iterate, Rows]:
        """The plain iteration, with the derivative of the steps after it."""
        end = solve_plainly(problem)
        return end, with_derivative_of(end.best, steps_from(problem, end.best, self.steps, self.damping))


def steps_from(problem: FixedPoint, x: Rows, steps: int, damping: RealScalar) -> Rows:
    """The point after some damped steps."""
    beta = jnp.asarray(damping, x.dtype)
    step = lambda x, _: (x + beta * problem.displacement(problem.equation.inputs, x), None)
    return jax.lax.scan(step, x, None, length=steps)[0]
