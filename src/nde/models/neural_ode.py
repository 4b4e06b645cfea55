"""A flow along a learned vector field."""

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
    """The states along `dy/dt = vector_field(t, y, args)`.

    Written for one initial state; `jax.vmap` does many.

    Attributes:
        vector_field: A function `(t, y, args)`: a block of `nde.nn`, or any Equinox module or function.
        solver: The method.
        stepsize_controller: How steps are chosen.
        adjoint: How the solve is differentiated.
        dt0: The first step; needed for steps of one size.
        max_steps: Most steps to attempt.

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
        """The states at times.

        Args:
            ts: Sorted times, increasing or decreasing, of which the first is that of the initial state.
            y0: The initial state, any pytree.
            args: Handed to the vector field.

        Returns:
            The states, each leaf with a leading axis `(times,)`.

        Raises:
            ValueError: If there are fewer than two times, or the vector field does not fit the state.
            SolveError: If the solve fails.
        """
        return self.along(self.vector_field, ts, y0, args)

    @compiled(solves=True)
    def final(self, t0: RealScalar, t1: RealScalar, y0: Y, args: Args = None) -> PyTree[Any]:
        """The state at `t1` of a solve from `t0`: the flow as a map.

        Args:
            t0: The time of the initial state.
            t1: The time of the state that is wanted.
            y0: The initial state, any pytree.
            args: Handed to the vector field.

        Returns:
            The state, like `y0`.

        Raises:
            ValueError: If the vector field does not fit the state.
            SolveError: If the solve fails.
        """
        return first_row(self.until(self.vector_field, t0, t1, y0, args))
