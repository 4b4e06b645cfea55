"""The Euler-Heun method."""

from typing import ClassVar

from nde.core import tree
from nde.core.types import Args, RealScalar, Y
from nde.solvers.stochastic.base import AbstractStochasticSolver, Drive
from nde.terms import AbstractTerm, ControlTerm, ODETerm


class EulerHeun(AbstractStochasticSolver):
    """Euler's method for the drift and Heun's for the diffusion: one drift and two diffusions a step.

    Converges to the Stratonovich solution, with strong order 0.5, or 1 if the noise commutes.

    Source: Kloeden and Platen, *Numerical solution of stochastic differential equations* (1992),
    doi:10.1007/978-3-662-12616-5.

    Example:
        ```python
        import jax
        import nde

        noise = nde.ControlTerm(lambda t, y, args: 0.3 * y, nde.BrownianMotion((), jax.random.key(0)))
        terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: -y), noise)
        print(nde.diffeqsolve(terms, nde.EulerHeun(), 0.0, 1.0, 0.01, 1.0).ys)
        ```
    """

    adaptive: ClassVar[bool] = False

    @property
    def calculus(self) -> str:
        """Stratonovich."""
        return "stratonovich"

    def order(self, terms: AbstractTerm | None = None) -> int:
        """One."""
        del terms
        return 1

    def strong_order(self, terms: AbstractTerm | None = None) -> float:
        """One half; one, if the noise commutes."""
        del terms
        return 0.5

    def move(
        self, drift: ODETerm, diffusion: ControlTerm, t: RealScalar, y: Y, args: Args, drive: Drive
    ) -> tuple[Y, Y | None]:
        """`y + f h + (g(y) + g(y + g(y) W)) W / 2`."""
        first = diffusion.vf_prod(t, y, args, drive.noise)
        second = diffusion.vf_prod(t + drive.h, tree.add(y, first), args, drive.noise)
        y1 = tree.add_scaled(y, 1.0, (0.5, 0.5), (first, second))
        y1 = tree.add(y1, drift.vf_prod(t, y, args, drive.h))
        return y1, None
