"""Neural ODEs with additional dimensions."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Real

from nde.core.compiled import compiled
from nde.core.types import Args, RealScalar, VectorField
from nde.gradients import AbstractAdjoint, RecursiveCheckpointAdjoint
from nde.models.flow import AbstractFlow, first_row
from nde.solvers import AbstractSolver, Tsit5
from nde.stepping import AbstractStepSizeController, PIDController


class AugmentedNeuralODE(AbstractFlow):
    """A neural ODE whose state has more dimensions than its data.

    The flow of an ODE is a homeomorphism, so its trajectories never cross: in one dimension it cannot swap two points,
    and in two it cannot move a point out of a ring. Additional components, initially zero or a learned function of the
    data, remove these obstacles.

    Attributes:
        vector_field: A function `(t, y, args)` of the augmented state: the data's components, then the additional ones.
        augmented_size: The number of components added along the first axis, for images that of channels.
        lift: The initial values of the additional components, as a function of the initial state; by default zero.
        projection: A function from augmented states to outputs; by default the data's components.
        solver: The solver.
        stepsize_controller: The step size controller.
        adjoint: How gradients are computed through the solve.
        dt0: The initial step size; required with a constant step size.
        max_steps: The maximum number of steps to attempt.

    Source: Dupont, Doucet and Teh, *Augmented neural ODEs* (2019), doi:10.48550/arXiv.1904.01681; a learned lift:
    Massaroli, Poli, Park, Yamashita and Asama, *Dissecting neural ODEs* (2020), doi:10.48550/arXiv.2002.08071.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde
        from nde.models import AugmentedNeuralODE

        field = nde.nn.VectorFieldMLP(2 + 1, width=16, depth=2, key=jax.random.key(0))
        model = AugmentedNeuralODE(field, augmented_size=1)
        print(model(jnp.linspace(0.0, 1.0, 5), jnp.ones(2)).shape)
        ```
    """

    vector_field: VectorField
    augmented_size: int = eqx.field(static=True)
    lift: Callable[[Array], Array] | None = None
    projection: Callable[[Array], Array] | None = None
    solver: AbstractSolver = Tsit5()
    stepsize_controller: AbstractStepSizeController = PIDController(rtol=1e-4, atol=1e-4)
    adjoint: AbstractAdjoint = RecursiveCheckpointAdjoint()
    dt0: float | None = None
    max_steps: int | None = eqx.field(static=True, default=4096)

    def __check_init__(self) -> None:
        if self.augmented_size < 0:
            raise ValueError(f"augmented_size must be a non-negative number of components; got {self.augmented_size}.")

    @compiled(solves=True)
    def __call__(
        self, ts: Real[Array, " times"], y0: Float[Array, "size ..."], args: Args = None
    ) -> Float[Array, "times ..."]:
        """Solve for the outputs at given times.

        Args:
            ts: Monotonic times; the first is that of the initial state.
            y0: The initial state.
            args: Passed to the vector field.

        Returns:
            The projection of each state.

        Raises:
            ValueError: If there are fewer than two times, or sizes do not match.
            SolveError: If the solve fails.
        """
        return jax.vmap(lambda y: self._project(y, len(y0)))(self.states(ts, y0, args))

    @compiled(solves=True)
    def final(
        self, t0: RealScalar, t1: RealScalar, y0: Float[Array, "size ..."], args: Args = None
    ) -> Float[Array, "..."]:
        """Solve for the output at `t1` only: the flow as a map from `t0` to `t1`.

        Args:
            t0: The time of the initial state.
            t1: The time of the returned state.
            y0: The initial state.
            args: Passed to the vector field.

        Returns:
            The projection of the final state.

        Raises:
            ValueError: If sizes do not match.
            SolveError: If the solve fails.
        """
        y1 = first_row(self.solve_until(self.vector_field, t0, t1, self._lift(y0), args))
        return self._project(y1, len(y0))

    @compiled(solves=True)
    def states(
        self, ts: Real[Array, " times"], y0: Float[Array, "size *rest"], args: Args = None
    ) -> Float[Array, "times larger *rest"]:
        """Solve for the augmented states at given times, without the projection.

        Args:
            ts: As in `__call__`.
            y0: The initial state of the data's components.
            args: Passed to the vector field.

        Returns:
            The augmented states.

        Raises:
            ValueError: If there are fewer than two times, or sizes do not match.
            SolveError: If the solve fails.
        """
        return self.solve_at(self.vector_field, ts, self._lift(y0), args)

    def _lift(self, y0: Float[Array, "size *rest"]) -> Float[Array, "larger *rest"]:
        shape = (self.augmented_size, *y0.shape[1:])
        added = jnp.zeros(shape, y0.dtype) if self.lift is None else self.lift(y0).astype(y0.dtype)
        if added.shape != shape:
            raise ValueError(
                f"lift must return components of shape {shape}, by augmented_size={self.augmented_size} and an initial "
                f"state of shape {y0.shape}; got shape {added.shape}."
            )
        return jnp.concatenate([y0, added])

    def _project(self, y: Float[Array, "larger ..."], size: int) -> Float[Array, "..."]:
        return y[:size] if self.projection is None else self.projection(y)
