"""Bisection."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool

from nde.core.results import RESULTS
from nde.core.types import IntScalar, RealScalar
from nde.roots.iteration import AbstractIterativeSolver, Proposal, Residual
from nde.roots.linear import code_where
from nde.roots.members import Rows


class Bracket(eqx.Module):
    """An interval for each number, the sign of the function at its lower end, and whether it changes within."""

    lower: Rows
    upper: Rows
    sign: Rows
    changes: Bool[Array, " members"]


class Bisection(AbstractIterativeSolver):
    """Bisection: the half of the interval in which the sign changes, again and again; for scalars.

    It needs no derivative and cannot diverge. An array is taken as scalars that are independent of each other: the
    function acts on each element by itself. `x0`, if it lies in the interval, is the first point that is tried.

    Attributes:
        lower: The lower end.
        upper: The upper end.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        solver = nde.implicit.Bisection(0.0, 2.0)
        sol = nde.implicit.root(lambda x, args: x**2 - args, jnp.ones(2), jnp.array([2.0, 3.0]), solver=solver)
        print(sol.value)
        ```
    """

    lower: RealScalar
    upper: RealScalar

    def init(self, residual: Residual, x: Rows, h: Rows) -> Bracket:
        """The whole interval."""
        del h
        lower, upper = jnp.full_like(x, self.lower), jnp.full_like(x, self.upper)
        below, above = jnp.sign(residual(lower)), jnp.sign(residual(upper))
        return Bracket(lower, upper, below, jnp.all(below * above <= 0, axis=1))

    def step(self, residual: Residual, k: IntScalar, x: Rows, h: Rows, state: Bracket) -> Proposal:
        """The middle of the half that holds the change."""
        del residual, k
        within = (state.lower < x) & (x < state.upper)
        like_lower = jnp.sign(h) == state.sign
        lower = jnp.where(within & like_lower, x, state.lower)
        upper = jnp.where(within & ~like_lower, x, state.upper)
        middle = jnp.where(h == 0, x, lower + (upper - lower) / 2)
        bracket = Bracket(lower, upper, state.sign, state.changes)
        return Proposal(middle, bracket, code_where(~state.changes, RESULTS.no_sign_change))
