"""Neural controlled differential equations."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray, Shaped

from nde.core.compiled import compiled
from nde.gradients import AbstractAdjoint, RecursiveCheckpointAdjoint
from nde.models.controlled import AbstractControlled, Control, Static, fill_missing, project, projection_of
from nde.nn import MatrixMLP
from nde.paths import AbstractPath, LinearInterpolation, with_integrals
from nde.solve import SaveAt
from nde.solvers import AbstractSolver, Heun
from nde.stepping import AbstractStepSizeController

Path = Callable[[Shaped[Array, " time"], Float[Array, "time channels"]], AbstractPath]
"""A function from times and a series without missing values to a control path."""


class NeuralCDE(AbstractControlled):
    """A neural controlled differential equation `dz = f(z) dX`, where `X` is a path through a time series.

    A linear map takes the first row (and static features) to the initial state, and another takes the final state to
    the output. Missing values are interpolated linearly between observations; before the first and after the last
    observation a channel is constant, and a channel without observations is zero. By default, each step goes from one
    row to the next.

    Besides the channels, the control contains their running integrals over time. With them, the state depends on the
    values of the channels and not only on their changes. If the data are normalized and the longest series has length
    1, multiplying the integrals by `integrals` gives them as much influence on the state as the changes of the
    channels.

    The model takes a single series; use `jax.vmap` for a batch.

    Args:
        input_size: Number of channels; time should be the first (see `nde.data.with_time`).
        hidden_size: Size of the state.
        output_size: Size of the output, such as the number of classes.
        static_size: Number of static features.
        rank: Number of linear combinations of the channels that drive the state; by default the channels themselves
            do. The last layer of the vector field has as many outputs for each of them as the state is long, so with
            hundreds of channels a small rank makes training many times faster.
        width: Width of the vector field's hidden layers.
        depth: Number of its hidden layers.
        integrals: Factor of the integrals of the channels; 0 omits them.
        gated: Whether the vector field is gated, see `nde.nn.MatrixMLP`.
        path: Makes the control path from times and channels: `nde.LinearInterpolation`, or a function that returns a
            spline.
        solver: The solver.
        stepsize_controller: The step size controller; by default, steps go from row to row.
        adjoint: How gradients are computed through the solve.
        key: A key of `jax.random` for the weights.

    Attributes:
        initial: The map from the first row and static features to the initial state.
        projection: The map from the channels to their linear combinations, or `None`.
        vector_field: The vector field, whose values are matrices.
        readout: The map from the state and static features to the output.

    Source: Kidger, Morrill, Foster and Lyons, *Neural controlled differential equations for irregular time series*
    (2020), doi:10.48550/arXiv.2005.08926.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        from nde.models import NeuralCDE

        ts, ys = jnp.array([0.0, 0.4, 1.0]), jnp.array([[0.0, 1.0], [0.4, jnp.nan], [1.0, 3.0]])
        model = NeuralCDE(input_size=2, hidden_size=8, output_size=3, key=jax.random.key(0))
        print(model(ts, ys), model.readings(ts, ys).shape)
        ```
    """

    initial: eqx.nn.Linear
    projection: eqx.nn.Linear | None
    vector_field: MatrixMLP
    readout: eqx.nn.Linear
    integrals: float = eqx.field(static=True)
    path: Path = eqx.field(static=True)
    solver: AbstractSolver
    stepsize_controller: AbstractStepSizeController | None
    adjoint: AbstractAdjoint

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        output_size: int,
        *,
        static_size: int = 0,
        rank: int | None = None,
        width: int = 32,
        depth: int = 1,
        integrals: float = 8.0,
        gated: bool = False,
        path: Path = LinearInterpolation,
        solver: AbstractSolver = Heun(),
        stepsize_controller: AbstractStepSizeController | None = None,
        adjoint: AbstractAdjoint = RecursiveCheckpointAdjoint(),
        key: PRNGKeyArray,
    ) -> None:
        keys = jax.random.split(key, 3)
        self.projection = projection_of(input_size, rank, jax.random.fold_in(key, 3))
        driving = input_size if rank is None else rank
        control_size = 2 * driving if integrals else driving
        self.initial = eqx.nn.Linear(input_size + static_size, hidden_size, key=keys[0])
        self.vector_field = MatrixMLP(hidden_size, control_size, width, depth, gated=gated, key=keys[1])
        self.readout = eqx.nn.Linear(hidden_size + static_size, output_size, key=keys[2])
        self.integrals, self.path = integrals, path
        self.solver, self.stepsize_controller, self.adjoint = solver, stepsize_controller, adjoint

    @compiled(solves=True)
    def __call__(
        self,
        ts: Float[Array, " time"],
        ys: Float[Array, "time channels"],
        length: Int[Array, ""] | int | None = None,
        static: Static = None,
    ) -> Float[Array, " output"]:
        """Compute the output for a series.

        Args:
            ts: Increasing times.
            ys: The channels at these times, with `nan` for missing values.
            length: The number of rows without padding; by default all.
            static: Static features, if the model has any.
        """
        # A linear path is constant in the padding, so the final state is that of the last row, and cheaper to save.
        linear = self.path is LinearInterpolation
        saveat = SaveAt(t1=True) if linear else SaveAt(ts=ts[_last(ts, length)][None])
        return self.output(self.solve_along(self.control(ts, ys, length), static, saveat)[0], static)

    @compiled(solves=True)
    def readings(
        self,
        ts: Float[Array, " time"],
        ys: Float[Array, "time channels"],
        static: Static = None,
    ) -> Float[Array, "time output"]:
        """Compute the output after each row. Arguments as in `__call__`."""
        states = self.solve_along(self.control(ts, ys), static, SaveAt(ts=ts))
        return jax.vmap(lambda state: self.output(state, static))(states)

    def control(
        self, ts: Float[Array, " time"], ys: Float[Array, "time channels"], length: Int[Array, ""] | int | None = None
    ) -> Control:
        """The path through the rows and their running integrals. Arguments as in `__call__`."""
        last = _last(ts, length)
        ts, xs = fill_missing(ts, ys)
        # Time stops at the last row, so that the integrals do not change in the padding.
        driving = project(self.projection, xs)
        if self.integrals:
            driving = with_integrals(self.integrals * jnp.minimum(ts, ts[last]), driving)
        return Control(self.path(ts, driving), ts, xs[0])


def _last(ts: Float[Array, " time"], length: Int[Array, ""] | int | None) -> Int[Array, ""] | int:
    """The number of the last row without padding."""
    return ts.shape[0] - 1 if length is None else length - 1
