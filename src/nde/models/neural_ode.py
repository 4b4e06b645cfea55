"""Neural ordinary differential equations."""

from typing import Any

import equinox as eqx
from jaxtyping import Array, PyTree, Real

from nde.core.compiled import compiled
from nde.core.types import Args, RealScalar, VectorField, Y
from nde.gradients import AbstractAdjoint, RecursiveCheckpointAdjoint
from nde.models.flow import AbstractFlow, first_row
from nde.solvers import AbstractSolver, Tsit5
from nde.stepping import AbstractStepSizeController, PIDController


class NeuralODE(AbstractFlow):
    """A neural ODE `dy/dt = vector_field(t, y, args)`.

    The model takes a single initial state; use `jax.vmap` for a batch.

    Attributes:
        vector_field: A function `(t, y, args)`: a network of `nde.nn`, or any Equinox module or function.
        solver: The solver.
        stepsize_controller: The step size controller.
        adjoint: How gradients are computed through the solve.
        dt0: The initial step size; required with a constant step size.
        max_steps: The maximum number of steps to attempt.

    Source: Chen, Rubanova, Bettencourt and Duvenaud, *Neural ordinary differential equations* (2018),
    doi:10.48550/arXiv.1806.07366.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde
        from nde.models import NeuralODE

        model = NeuralODE(nde.nn.VectorFieldMLP(2, width=16, depth=2, key=jax.random.key(0)))
        print(model(jnp.linspace(0.0, 1.0, 5), jnp.ones(2)).shape)
        ```
    """

    vector_field: VectorField
    solver: AbstractSolver = Tsit5()
    stepsize_controller: AbstractStepSizeController = PIDController(rtol=1e-4, atol=1e-4)
    adjoint: AbstractAdjoint = RecursiveCheckpointAdjoint()
    dt0: float | None = None
    max_steps: int | None = eqx.field(static=True, default=4096)

    @compiled(solves=True)
    def __call__(self, ts: Real[Array, " times"], y0: Y, args: Args = None) -> PyTree[Any]:
        """Solve for the states at given times.

        Args:
            ts: Monotonic times; the first is that of the initial state.
            y0: The initial state, any pytree.
            args: Passed to the vector field.

        Returns:
            The states, with a leading axis `(times,)` on each leaf.

        Raises:
            ValueError: If there are fewer than two times, or the vector field does not match the state.
            SolveError: If the solve fails.
        """
        return self.solve_at(self.vector_field, ts, y0, args)

    @compiled(solves=True)
    def final(self, t0: RealScalar, t1: RealScalar, y0: Y, args: Args = None) -> PyTree[Any]:
        """Solve for the state at `t1` only: the flow as a map from `t0` to `t1`.

        Args:
            t0: The time of the initial state.
            t1: The time of the returned state.
            y0: The initial state, any pytree.
            args: Passed to the vector field.

        Returns:
            The state, like `y0`.

        Raises:
            ValueError: If the vector field does not match the state.
            SolveError: If the solve fails.
        """
        return first_row(self.solve_until(self.vector_field, t0, t1, y0, args))
