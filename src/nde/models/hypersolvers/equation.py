"""The initial value problems that a hypersolver is fitted to."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree

from nde.core.tree import real_dtype
from nde.core.types import Args, VectorField, Y
from nde.paths import AbstractPath
from nde.solve import SaveAt, Solution, diffeqsolve
from nde.solvers import AbstractSolver, Tsit5
from nde.stepping import AbstractStepSizeController, ConstantStepSize, PIDController, StepTo
from nde.terms import AbstractTerm, ControlTerm, ODETerm

_AT_ONCE = 1024
"""How many solves run side by side; few wait for the slowest of them."""
_MAX_STEPS = 2**14


class Start(eqx.Module):
    """What an initial value problem starts from; or many, with a leading axis on all arrays.

    Attributes:
        y0: The initial state.
        args: The arguments of the vector field.
        path: What drives the equation; `None` for an ODE.
        knots: Times at which steps end, however many there are between two of them.
    """

    y0: Y
    args: Args
    path: AbstractPath | None
    knots: Float[Array, "*starts knots"]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.knots)

    def rows(self, chosen: slice | Int[np.ndarray, " rows"]) -> "Start":
        """Some of many."""
        return jax.tree.map(lambda x: x[chosen], self)

    def grid(self, steps: int) -> Float[Array, " ends"]:
        """The first knot, and the ends of steps: `steps` of one size from each knot to the next."""
        share = jnp.arange(steps, dtype=self.knots.dtype) / steps
        between = self.knots[:-1, None] + jnp.outer(jnp.diff(self.knots), share)
        return jnp.append(between.ravel(), self.knots[-1])


class Equation(eqx.Module):
    """A differential equation.

    Attributes:
        field: The vector field.
    """

    field: VectorField

    def term(self, start: Start) -> AbstractTerm:
        """The right-hand side."""
        return ODETerm(self.field) if start.path is None else ControlTerm(self.field, start.path).to_ode()

    def solve(self, start: Start, solver: AbstractSolver, steps: int | Array, saveat: SaveAt) -> Solution:
        """Solve by so many steps from each knot to the next; with only two knots the number may be traced."""
        if start.knots.shape[0] > 2:
            assert isinstance(steps, int)
            return self._solve(start, solver, None, StepTo(start.grid(steps)), saveat)
        length = start.knots[1] - start.knots[0]
        return self._solve(start, solver, length / jnp.asarray(steps, length.dtype), ConstantStepSize(), saveat)

    def references(self, starts: Start, steps: int) -> PyTree[Array]:
        """The exact states at the ends of so many steps, with a leading axis of problems and one of times."""
        parts = [
            _references(self, starts.rows(slice(first, first + _AT_ONCE)), steps)
            for first in range(0, len(starts), _AT_ONCE)
        ]
        return jax.tree.map(lambda *leaves: jnp.concatenate(leaves), *parts)

    def reference(self, start: Start, steps: int) -> PyTree[Array]:
        """The states at the ends of so many steps, as exact as their precision allows with ease."""
        precision = min((jnp.finfo(real_dtype(leaf)).eps for leaf in jax.tree.leaves(start.y0)), default=0.0)
        tolerance = 1e-5 if precision > 1e-10 else 1e-9
        controller = PIDController(rtol=tolerance, atol=tolerance)
        return self._solve(start, Tsit5(), None, controller, SaveAt(ts=start.grid(steps))).ys

    def _solve(
        self,
        start: Start,
        solver: AbstractSolver,
        dt0: Array | None,
        controller: AbstractStepSizeController,
        saveat: SaveAt,
    ) -> Solution:
        return diffeqsolve(
            self.term(start),
            solver,
            start.knots[0],
            start.knots[-1],
            dt0,
            start.y0,
            start.args,
            saveat=saveat,
            stepsize_controller=controller,
            max_steps=_MAX_STEPS,
        )


@eqx.filter_jit
def _references(equation: Equation, starts: Start, steps: int) -> PyTree[Array]:
    return jax.vmap(lambda start: equation.reference(start, steps))(starts)


class Problems(eqx.Module):
    """Initial value problems of one equation.

    Attributes:
        equation: The equation.
        starts: What they start from.
    """

    equation: Equation
    starts: Start
