"""Second-order neural ODEs."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Real

from nde.core.compiled import compiled
from nde.core.types import Args, RealScalar, VectorField
from nde.gradients import AbstractAdjoint, RecursiveCheckpointAdjoint
from nde.models.flow import AbstractFlow
from nde.solvers import AbstractSolver, Tsit5
from nde.stepping import AbstractStepSizeController, PIDController


class SecondOrderNeuralODE(AbstractFlow):
    """A second-order neural ODE of positions and velocities.

    The equations are `dx/dt = v` and `dv/dt = acceleration(t, [x, v], args)` for positions `x` and velocities `v`.

    Attributes:
        acceleration: A function `(t, y, args)` of position and velocity, concatenated along the first axis, with values
            like a position: `nde.nn.VectorFieldMLP(2 * n, output_size=n, ...)`.
        initial_velocity: The initial velocity as a function of the initial position; by default zero.
        solver: The solver.
        stepsize_controller: The step size controller.
        adjoint: How gradients are computed through the solve.
        dt0: The initial step size; required with a constant step size.
        max_steps: The maximum number of steps to attempt.

    Source: Norcliffe, Bodnar, Day, Simidjievski and Liò, *On second order behaviour in augmented neural ODEs* (2020),
    doi:10.48550/arXiv.2006.07220.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde
        from nde.models import SecondOrderNeuralODE

        field = nde.nn.VectorFieldMLP(2 * 3, output_size=3, width=16, depth=2, key=jax.random.key(0))
        model = SecondOrderNeuralODE(field)
        print(model(jnp.linspace(0.0, 1.0, 5), jnp.ones(3)).shape)
        ```
    """

    acceleration: VectorField
    initial_velocity: Callable[[Array], Array] = jnp.zeros_like
    solver: AbstractSolver = Tsit5()
    stepsize_controller: AbstractStepSizeController = PIDController(rtol=1e-4, atol=1e-4)
    adjoint: AbstractAdjoint = RecursiveCheckpointAdjoint()
    dt0: float | None = None
    max_steps: int | None = eqx.field(static=True, default=4096)

    @compiled(solves=True)
    def __call__(
        self, ts: Real[Array, " times"], x0: Float[Array, "size *rest"], args: Args = None
    ) -> Float[Array, "times size *rest"]:
        """Solve for the positions at given times, starting with the model's initial velocity.

        Args:
            ts: Monotonic times; the first is that of the initial position.
            x0: The initial position.
            args: Passed to the acceleration.

        Returns:
            The positions.

        Raises:
            ValueError: If there are fewer than two times, or shapes do not match.
            SolveError: If the solve fails.
        """
        return self.states(ts, x0, self.initial_velocity(x0).astype(x0.dtype), args)[0]

    @compiled(solves=True)
    def states(
        self,
        ts: Real[Array, " times"],
        x0: Float[Array, "size *rest"],
        v0: Float[Array, "size *rest"],
        args: Args = None,
    ) -> tuple[Float[Array, "times size *rest"], Float[Array, "times size *rest"]]:
        """Solve for the positions and velocities at given times, starting with a given velocity.

        Args:
            ts: As in `__call__`.
            x0: The initial position.
            v0: The initial velocity.
            args: Passed to the acceleration.

        Returns:
            The positions, and the velocities.

        Raises:
            ValueError: If there are fewer than two times, or shapes do not match.
            SolveError: If the solve fails.
        """
        return self.solve_at(self.motion, ts, (x0, v0), args)

    def motion(self, t: RealScalar, y: tuple[Array, Array], args: Args = None) -> tuple[Array, Any]:
        """Return the derivatives of position and velocity: the vector field of the equivalent first-order ODE.

        Args:
            t: The time.
            y: Position and velocity.
            args: Passed to the acceleration.

        Returns:
            Velocity and acceleration.
        """
        return y[1], self.acceleration(t, jnp.concatenate(y), args)
