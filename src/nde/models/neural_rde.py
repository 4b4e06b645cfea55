"""A long series as the control of a differential equation, a window at a time."""

import equinox as eqx
import jax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from nde.core.compiled import compiled
from nde.gradients import AbstractAdjoint, RecursiveCheckpointAdjoint
from nde.models.controlled import AbstractControlled, Static, without_gaps
from nde.nn import MatrixMLP
from nde.signatures import logsignature_dimension, logsignature_windows
from nde.solve import SaveAt
from nde.solvers import AbstractSolver, Heun
from nde.stepping import AbstractStepSizeController


class NeuralRDE(AbstractControlled):
    """A neural rough differential equation: `dz = f(z) dL`, where `L` are the log-signatures of a series over windows.

    A step is taken for each window of rows instead of for each row, so that long series cost less, and are easier to
    learn. The log-signatures tell what the series did within a window.

    Call it with one series; for a batch use `jax.vmap`.

    Args:
        input_size: How many channels a series has; let time be the first of them (`nde.data.with_time`).
        hidden_size: Length of the state.
        output_size: Length of the result.
        window: How many rows a step goes.
        order: The depth of the log-signatures: 2 or 3; more channels want less, for their number grows fast.
        static_size: How many static features there are.
        width: Of the hidden layers of the vector field.
        depth: How many hidden layers it has.
        gated: Whether the vector field has a gate, see `nde.nn.MatrixMLP`.
        solver: The method.
        stepsize_controller: How steps are chosen; by default one for each window.
        adjoint: How the solve is differentiated.
        key: Of `jax.random`, for the weights.

    Attributes:
        initial: From the first row and static features to the initial state.
        vector_field: From a state to a matrix.
        readout: From a state and static features to the result.

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
        width: int = 32,
        depth: int = 1,
        gated: bool = False,
        solver: AbstractSolver = Heun(),
        stepsize_controller: AbstractStepSizeController | None = None,
        adjoint: AbstractAdjoint = RecursiveCheckpointAdjoint(),
        key: PRNGKeyArray,
    ) -> None:
        keys = jax.random.split(key, 3)
        control_size = logsignature_dimension(input_size, order)
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
        """The result for one series.

        Args:
            ts: Times, increasing.
            ys: The channels at these times; `nan` where nothing was observed, and in the padding.
            length: Not used: nothing moves in the padding.
            static: Static features, if the model takes some.
        """
        del length
        ts, xs = without_gaps(ts, ys)
        path = logsignature_windows(ts, xs, self.window, self.order)
        return self.read(self.driven(path, path.ts, xs[0], static, SaveAt(t1=True))[0], static)
