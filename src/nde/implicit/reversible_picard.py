"""Fixed-point iteration that can be undone."""

from typing import Any, ClassVar

import jax.numpy as jnp
from jaxtyping import Array

from nde.core.types import IntScalar, RealScalar
from nde.roots.iteration import AbstractIterativeSolver, Proposal, Residual
from nde.roots.linear import no_trouble
from nde.roots.members import Rows


class ReversiblePicard(AbstractIterativeSolver):
    r"""Damped fixed-point iteration of two coupled states, each step of which can be undone.

    $y' = (1 - \beta) y + \beta f(x)$, $x' = (1 - \beta) x + \beta f(y')$: two evaluations per step. With
    `ReversibleGradient` its gradient is exact and takes no memory per step.

    Attributes:
        damping: The factor `β`, above zero and below one.

    Raises:
        ValueError: If `damping` is a number out of this range.

    Source: McCallum, Arora and Foster, *Reversible deep equilibrium models* (2025), doi:10.48550/arXiv.2509.12917.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde

        def equilibrium(x):
            layer = lambda z, x: jnp.tanh(0.5 * z + x)
            return nde.implicit.fixed_point(layer, 0.0, x, solver=nde.implicit.ReversiblePicard(),
                                            gradient=nde.implicit.ReversibleGradient()).value

        print(jax.value_and_grad(equilibrium)(1.0))
        ```
    """

    state_ends: ClassVar[bool] = True
    damping: RealScalar = 0.5

    def __check_init__(self) -> None:
        if isinstance(self.damping, int | float) and not 0 < self.damping < 1:
            raise ValueError(
                f"`ReversiblePicard` got `damping={self.damping}`; expected a number between 0 and 1: at 1 a step "
                "cannot be undone."
            )

    def init(self, residual: Residual, x: Rows, h: Rows) -> Rows:
        """The second state, at the first."""
        del residual, h
        return x

    def step(self, residual: Residual, k: IntScalar, x: Rows, h: Rows, state: Rows) -> Proposal:
        """Both states, one after the other."""
        del k
        y = self.mix(state, x + h)
        return Proposal(self.mix(x, y + residual(y)), y, no_trouble(x))

    def mix(self, x: Rows, image: Rows) -> Rows:
        """The damped step."""
        kept, share = self.shares(x.dtype)
        return kept * x + share * image

    def unmix(self, x: Rows, image: Rows) -> Rows:
        """The state before it."""
        kept, share = self.shares(x.dtype)
        return (x - share * image) / kept

    def shares(self, dtype: Any) -> tuple[Array, Array]:
        """How much of a step is the state, and how much the image."""
        beta = jnp.asarray(self.damping, dtype)
        return 1 - beta, beta
