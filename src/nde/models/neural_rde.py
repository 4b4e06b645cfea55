"""Neural rough differential equations."""

import equinox as eqx
import jax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from nde.core.compiled import compiled
from nde.gradients import AbstractAdjoint, RecursiveCheckpointAdjoint
from nde.models.controlled import AbstractControlled, Control, Static, fill_missing, project, projection_of
from nde.nn import MatrixMLP
from nde.signatures import logsignature_dimension, logsignature_windows
from nde.solve import SaveAt
from nde.solvers import AbstractSolver, Heun
from nde.stepping import AbstractStepSizeController


class NeuralRDE(AbstractControlled):
    """A neural rough differential equation `dz = f(z) dL`, where `L` are log-signatures of a time series over windows.

    The solver makes one step per window of rows instead of one per row, which makes long series cheaper and easier to
    learn. The log-signatures summarize what the series does within a window.

    The model takes a single series; use `jax.vmap` for a batch.

    Args:
        input_size: Number of channels; time should be the first (see `nde.data.with_time`).
        hidden_size: Size of the state.
        output_size: Size of the output.
        window: Number of rows per step.
        order: Depth of the log-signatures, 2 or 3. Their size grows quickly with the number of channels.
        static_size: Number of static features.
        rank: Number of linear combinations of the channels that drive the state; by default the channels themselves
            do. The last layer of the vector field has as many outputs for each of them as the state is long, so with
            hundreds of channels a small rank makes training many times faster.
        width: Width of the vector field's hidden layers.
        depth: Number of its hidden layers.
        gated: Whether the vector field is gated, see `nde.nn.MatrixMLP`.
        solver: The solver.
        stepsize_controller: The step size controller; by default, steps go from window to window.
        adjoint: How gradients are computed through the solve.
        key: A key of `jax.random` for the weights.

    Attributes:
        initial: The map from the first row and static features to the initial state.
        projection: The map from the channels to their linear combinations, or `None`.
        vector_field: The vector field, whose values are matrices.
        readout: The map from the state and static features to the output.

    Source: Morrill, Salvi, Kidger and Foster, *Neural rough differential equations for long time series* (2021),
    doi:10.48550/arXiv.2009.08295.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        from nde.models import NeuralRDE

        ts = jnp.linspace(0.0, 1.0, 1001)
        model = NeuralRDE(input_size=2, hidden_size=8, output_size=3, window=50, key=jax.random.key(0))
        print(model(ts, jnp.stack([ts, jnp.sin(20 * ts)], axis=1)))
        ```
    """

    initial: eqx.nn.Linear
    projection: eqx.nn.Linear | None
    vector_field: MatrixMLP
    readout: eqx.nn.Linear
    window: int = eqx.field(static=True)
    order: int = eqx.field(static=True)
    solver: AbstractSolver
    stepsize_controller: AbstractStepSizeController | None
    adjoint: AbstractAdjoint

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        output_size: int,
        *,
        window: int = 8,
        order: int = 2,
        static_size: int = 0,
        rank: int | None = None,
        width: int = 32,
        depth: int = 1,
        gated: bool = False,
        solver: AbstractSolver = Heun(),
        stepsize_controller: AbstractStepSizeController | None = None,
        adjoint: AbstractAdjoint = RecursiveCheckpointAdjoint(),
        key: PRNGKeyArray,
    ) -> None:
        keys = jax.random.split(key, 3)
        self.projection = projection_of(input_size, rank, jax.random.fold_in(key, 3))
        driving = input_size if rank is None else rank
        control_size = logsignature_dimension(driving, order)
        self.initial = eqx.nn.Linear(input_size + static_size, hidden_size, key=keys[0])
        self.vector_field = MatrixMLP(hidden_size, control_size, width, depth, gated=gated, key=keys[1])
        self.readout = eqx.nn.Linear(hidden_size + static_size, output_size, key=keys[2])
        self.window, self.order = window, order
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
            ys: The channels at these times, with `nan` for missing values and in the padding.
            length: Unused: the path is constant in the padding.
            static: Static features, if the model has any.
        """
        return self.output(self.solve_along(self.control(ts, ys, length), static, SaveAt(t1=True))[0], static)

    def control(
        self, ts: Float[Array, " time"], ys: Float[Array, "time channels"], length: Int[Array, ""] | int | None = None
    ) -> Control:
        """The path of log-signatures, and the ends of its windows. Arguments as in `__call__`."""
        del length
        ts, xs = fill_missing(ts, ys)
        path = logsignature_windows(ts, project(self.projection, xs), self.window, self.order)
        return Control(path, path.ts, xs[0])
