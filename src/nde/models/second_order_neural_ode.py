"""A flow of positions and velocities."""

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
    """Positions `x` and velocities `v` along `dx/dt = v`, `dv/dt = acceleration(t, [x, v], args)`.

    Attributes:
        acceleration: A function `(t, y, args)` of the position and the velocity, one after the other along the first
            axis, with values like a position: `nde.nn.VectorFieldMLP(2 * n, output_size=n, ...)`.
        initial_velocity: The first velocity as a function of the first position; at rest without.
        solver: The method.
        stepsize_controller: How steps are chosen.
        adjoint: How the solve is differentiated.
        dt0: The first step; needed for steps of one size.
        max_steps: Most steps to attempt.

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
        """The positions at times, from an initial velocity that the model gives.

        Args:
            ts: Sorted times, increasing or decreasing, of which the first is that of the initial position.
            x0: The initial position.
            args: Handed to the acceleration.

        Returns:
            The positions.

        Raises:
            ValueError: If there are fewer than two times, or shapes do not fit.
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
        """The positions and velocities at times, from an initial velocity that is given.

        Args:
            ts: As in a call of the model.
            x0: The initial position.
            v0: The initial velocity.
            args: Handed to the acceleration.

        Returns:
            The positions, and the velocities.

        Raises:
            ValueError: If there are fewer than two times, or shapes do not fit.
            SolveError: If the solve fails.
        """
        return self.along(self.motion, ts, (x0, v0), args)

    def motion(self, t: RealScalar, y: tuple[Array, Array], args: Args = None) -> tuple[Array, Any]:
        """The derivative of position and velocity, as solvers want it.

        Args:
            t: The time.
            y: Position and velocity.
            args: Handed to the acceleration.

        Returns:
            Velocity and acceleration.
        """
        return y[1], self.acceleration(t, jnp.concatenate(y), args)
