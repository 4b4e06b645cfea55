"""Rosenbrock methods: implicit in the linear part of the vector field, so that a step solves linear systems only."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core import tree
from nde.core.polynomial import Polynomial
from nde.core.types import Args, RealScalar, Y
from nde.roots.members import Members
from nde.solvers.base import AbstractSolver, StepOut, StepStart
from nde.solvers.stiff.linear import Matrix, Vector, factorize
from nde.solvers.stiff.rosenbrock_tableau import RosenbrockTableau
from nde.terms import AbstractTerm


class Rosenbrock(AbstractSolver):
    """A Rosenbrock method given by its tableau.

    For stiff equations. Each step computes the Jacobian of the vector field and its derivative with respect to time by
    forward differentiation, and solves a linear system of as many numbers as the state has for each stage, all with the
    same matrix. Derivatives of a solve differentiate the Jacobian, too.

    Attributes:
        tableau: The coefficients.
        convergence: The order of convergence.

    Source: Hairer and Wanner, *Solving ordinary differential equations II* (1996), section IV.7,
    doi:10.1007/978-3-642-05221-7.

    Example:
        ```python
        import nde

        print(nde.Rosenbrock(nde.Rodas4().tableau, order=4).order())
        ```
    """

    tableau: RosenbrockTableau = eqx.field(static=True, repr=False)
    convergence: int = eqx.field(static=True, repr=False)

    def __init__(self, tableau: RosenbrockTableau, order: int) -> None:
        """Make a solver of a tableau.

        Args:
            tableau: The coefficients.
            order: The order of convergence (that of the step, not of the embedded method).
        """
        self.tableau = tableau
        self.convergence = order

    @property
    def adaptive(self) -> bool:
        """Whether the tableau has weights for an estimate of the error."""
        return self.tableau.e is not None

    @property
    def nodes(self) -> tuple[float, ...]:
        """Of the stages."""
        return self.tableau.alpha

    def order(self, terms: AbstractTerm | None = None) -> int:
        """The order of convergence."""
        del terms
        return self.convergence

    def specialize(self, terms: AbstractTerm, t: RealScalar, y: Y, args: Args) -> "Rosenbrock":
        """Itself.

        Raises:
            TypeError: If the equation has noise.
        """
        del t, y, args
        if terms.noisy:
            raise TypeError(
                f"`{type(self).__name__}` is for ordinary differential equations; this one has noise. Choose a solver "
                "for SDEs, such as `nde.Heun()`."
            )
        return self

    def init_cache(self, terms: AbstractTerm, t: RealScalar, y: Y, args: Args, state: PyTree[Any]) -> PyTree[Any]:
        """None: each step makes its own Jacobian."""
        del terms, t, y, args, state

    def step(
        self,
        terms: AbstractTerm,
        start: StepStart,
        args: Args,
        drive: PyTree[Any],
        t: RealScalar,
        h: RealScalar,
    ) -> StepOut:
        """The Jacobian, all stages, the state at the end, and the error estimate."""
        tableau, members = self.tableau, Members.of(start.y, batched=False)
        x = members.rows(start.y)[0]
        scale, length = (jnp.asarray(size, x.dtype) for size in (terms.scale(drive), h))

        def slope(stage: int, t: RealScalar, x: Vector) -> Vector:
            y = members.tree(x[None])
            return members.rows(terms.slope(terms.vf(t, y, args), y, drive, stage))[0]

        first, by_time, jacobian = _linearized(lambda t, x: slope(0, t, x), t, x)
        factors = factorize(jnp.eye(len(x), dtype=x.dtype) - tableau.gamma * scale * jacobian)
        rests = zip(tableau.alpha[1:], tableau.gamma_i[1:], tableau.a, tableau.c, strict=True)
        change = scale * length * by_time
        us = [factors.solve(tableau.gamma * (scale * first + tableau.gamma_i[0] * change))]
        for stage, (node, weight, a, c) in enumerate(rests, start=1):
            found = scale * slope(stage, t + node * h, tree.add_scaled(x, 1.0, a, us))
            found = found + tree.combine(1.0, c, us)
            us.append(factors.solve(tableau.gamma * (found + weight * change if weight else found)))
        stages = tuple(members.tree(u[None]) for u in us)
        return StepOut(
            y=tree.add_scaled(start.y, 1.0, tableau.m, stages),
            error=None if tableau.e is None else tree.combine(1.0, tableau.e, stages),
            stages=stages,
            cache=None,
            state=start.solver_state,
        )

    def interpolant(
        self, terms: AbstractTerm, y: Y, args: Args, drive: PyTree[Any], t: RealScalar, h: RealScalar, stages: PyTree
    ) -> Polynomial:
        """The tableau's weights of the stages."""
        del terms, y, args, drive, t, h
        return Polynomial(1.0, stages, self.tableau.interpolant)


def _linearized(f: Any, t: RealScalar, x: Vector) -> tuple[Vector, Vector, Matrix]:
    """The value of `f(t, x)`, its derivative with respect to `t`, and its Jacobian with respect to `x`."""
    value, tangent = jax.linearize(f, t, x)
    no_time, no_state = jnp.zeros_like(t), jnp.zeros_like(x)
    columns = jax.vmap(lambda unit: tangent(no_time, unit))(jnp.eye(len(x), dtype=x.dtype))
    by_time: Array = tangent(jnp.ones_like(t), no_state)
    return value, by_time, columns.T
