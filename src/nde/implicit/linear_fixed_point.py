"""Linear systems by a fixed-point iteration."""

import equinox as eqx
import jax.numpy as jnp

from nde.core.results import RESULTS, code_of
from nde.core.types import RealScalar
from nde.implicit.anderson import Anderson
from nde.roots.criterion import SmallResidual
from nde.roots.iteration import AbstractIterativeSolver, Iteration
from nde.roots.linear import AbstractLinearSolver, LinearSolution, Matvec, code_where
from nde.roots.members import Rows


class LinearFixedPoint(AbstractLinearSolver):
    """The linear system of a derivative, `(I - J) u = b`, as the fixed point of `u = J u + b`.

    It converges where the map of the fixed point contracts, and keeps as few vectors as the iteration does.

    Attributes:
        solver: The iteration.
        rtol: Of its residual, relative to the solution; `None` for the square root of the machine epsilon.
        max_steps: Most steps, each a product with the Jacobian.

    Source: Bai, Kolter and Koltun, *Deep equilibrium models* (2019), doi:10.48550/arXiv.1909.01377.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde

        linear_solver = nde.implicit.LinearFixedPoint(nde.implicit.Anderson(), rtol=1e-4)
        gradient = nde.implicit.ImplicitGradient(linear_solver)
        layer = lambda z, x: jnp.tanh(0.5 * z + x)
        print(jax.grad(lambda x: nde.implicit.fixed_point(layer, 0.0, x, gradient=gradient).value)(1.0))
        ```
    """

    solver: AbstractIterativeSolver = Anderson()
    rtol: RealScalar | None = None
    max_steps: int = eqx.field(static=True, default=100)

    def init(self, matvec: Matvec, like: Rows) -> None:
        """Nothing."""
        del matvec, like

    def solve(self, factors: None, matvec: Matvec, b: Rows, transposed: bool = False) -> LinearSolution:
        """The fixed point."""
        del factors, transposed
        rtol = float(jnp.finfo(b.dtype).eps) ** 0.5 if self.rtol is None else self.rtol
        end = Iteration(lambda u: matvec(u) - b, self.solver, SmallResidual(rtol, 0.0), self.max_steps).run(-b)
        good = (end.code == code_of(RESULTS.successful)) | (end.code == code_of(RESULTS.tolerance_too_small))
        return LinearSolution(end.best, code_where(~good, RESULTS.no_linear_convergence))
