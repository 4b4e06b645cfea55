"""A flow with room to move around."""

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
    """A neural ordinary differential equation in a space of more dimensions than its data.

    The flow of an equation is continuous both ways and never crosses itself: in one dimension it cannot exchange two
    points, in two it cannot bring out what a ring encloses. With more components, zero at first or a learned function
    of the data, there is a way around.

    Attributes:
        vector_field: A function `(t, y, args)` of the larger state: the data's components, then the others.
        augmented_size: How many components are added along the first axis; channels if that axis is theirs.
        lift: What they are at first, a function of the initial state; zero without.
        projection: From a larger state to what is returned; the data's components without.
        solver: The method.
        stepsize_controller: How steps are chosen.
        adjoint: How the solve is differentiated.
        dt0: The first step; needed for steps of one size.
        max_steps: Most steps to attempt.

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
            raise ValueError(f"Got augmented_size={self.augmented_size}; a number of components is wanted, such as 1.")

    @compiled(solves=True)
    def __call__(
        self, ts: Real[Array, " times"], y0: Float[Array, "size ..."], args: Args = None
    ) -> Float[Array, "times ..."]:
        """The projected states at times.

        Args:
            ts: Sorted times, increasing or decreasing, of which the first is that of the initial state.
            y0: The initial state.
            args: Handed to the vector field.

        Returns:
            What the projection makes of each state.

        Raises:
            ValueError: If there are fewer than two times, or sizes do not fit.
            SolveError: If the solve fails.
        """
        return jax.vmap(lambda y: self._projected(y, len(y0)))(self.states(ts, y0, args))

    @compiled(solves=True)
    def final(
        self, t0: RealScalar, t1: RealScalar, y0: Float[Array, "size ..."], args: Args = None
    ) -> Float[Array, "..."]:
        """The projected state at `t1` of a solve from `t0`: the flow as a map.

        Args:
            t0: The time of the initial state.
            t1: The time of the state that is wanted.
            y0: The initial state.
            args: Handed to the vector field.

        Returns:
            What the projection makes of the state.

        Raises:
            ValueError: If sizes do not fit.
            SolveError: If the solve fails.
        """
        y1 = first_row(self.until(self.vector_field, t0, t1, self._lifted(y0), args))
        return self._projected(y1, len(y0))

    @compiled(solves=True)
    def states(
        self, ts: Real[Array, " times"], y0: Float[Array, "size *rest"], args: Args = None
    ) -> Float[Array, "times larger *rest"]:
        """The whole states at times, before the projection.

        Args:
            ts: As in a call of the model.
            y0: The initial state of the data's components.
            args: Handed to the vector field.

        Returns:
            The states in the larger space.

        Raises:
            ValueError: If there are fewer than two times, or sizes do not fit.
            SolveError: If the solve fails.
        """
        return self.along(self.vector_field, ts, self._lifted(y0), args)

    def _lifted(self, y0: Float[Array, "size *rest"]) -> Float[Array, "larger *rest"]:
        shape = (self.augmented_size, *y0.shape[1:])
        added = jnp.zeros(shape, y0.dtype) if self.lift is None else self.lift(y0).astype(y0.dtype)
        if added.shape != shape:
            raise ValueError(
                f"Got a lift that adds components of shape {added.shape}; with augmented_size={self.augmented_size} "
                f"and an initial state of shape {y0.shape}, the shape {shape} is wanted."
            )
        return jnp.concatenate([y0, added])

    def _projected(self, y: Float[Array, "larger ..."], size: int) -> Float[Array, "..."]:
        return y[:size] if self.projection is None else self.projection(y)
