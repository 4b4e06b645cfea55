"""ODE-RNN, a recurrent network whose state follows an ODE between observations."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from nde.gradients import AbstractAdjoint, RecursiveCheckpointAdjoint
from nde.models.recurrent.base import AbstractRecurrent, Ends
from nde.models.recurrent.drift import Drift
from nde.models.recurrent.rows import Rows
from nde.solvers import AbstractSolver, Midpoint
from nde.stepping import AbstractStepSizeController


class ODERNN(AbstractRecurrent):
    """An ODE-RNN: the state follows `dh/dt = f(h)` from row to row, where a GRU cell updates it.

    The GRU cell reads values, with zeros for missing ones, and masks. A row without observations does not update the
    state. Each gap is solved from time 0 to 1, with the vector field times the length of the gap. The default of one
    midpoint step is accurate enough for closely spaced rows. The model takes a single series; use `jax.vmap` for a
    batch.

    Args:
        input_size: Number of channels.
        hidden_size: Size of the state.
        output_size: Size of the output.
        static_size: Number of static features, which determine the initial state.
        width: Width of the vector field's hidden layers.
        depth: Number of its hidden layers.
        solver: The solver.
        stepsize_controller: The step size controller; by default steps are equal. Adaptive steps are much slower.
        adjoint: How gradients are computed through the solve.
        steps: Number of equal steps per gap, without a controller.
        key: A key of `jax.random` for the weights.

    Attributes:
        drift: The ODE between rows.
        cell: The GRU cell.
        ends: The initial state and the readout.

    Source: Rubanova, Chen and Duvenaud, *Latent ODEs for irregularly-sampled time series* (2019), algorithm 1,
    doi:10.48550/arXiv.1907.03907.

    Example:
        ```python
        import jax
        import nde
        from nde.data import pad
        from nde.models import ODERNN

        batch = pad(nde.TimeSeries.from_arrays([[1.0, float("nan"), 3.0], [4.0]]))
        model = ODERNN(input_size=1, hidden_size=8, output_size=2, key=jax.random.key(0))
        print(jax.vmap(model)(batch.ts, batch.ys, batch.lengths, batch.static))
        ```
    """

    drift: Drift
    cell: eqx.nn.GRUCell
    ends: Ends

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        output_size: int,
        *,
        static_size: int = 0,
        width: int = 32,
        depth: int = 1,
        solver: AbstractSolver = Midpoint(),
        stepsize_controller: AbstractStepSizeController | None = None,
        adjoint: AbstractAdjoint = RecursiveCheckpointAdjoint(),
        steps: int = 1,
        key: PRNGKeyArray,
    ) -> None:
        drift, cell, ends = jax.random.split(key, 3)
        self.drift = Drift(hidden_size, width, depth, solver, stepsize_controller, adjoint, steps, key=drift)
        self.cell = eqx.nn.GRUCell(2 * input_size, hidden_size, key=cell)
        self.ends = Ends(static_size, hidden_size, output_size, key=ends)

    def read(self, rows: Rows, state: Float[Array, " hidden"]) -> Float[Array, " hidden"]:
        """Return the state after all rows."""
        return read_with_drift(self.drift, self.cell, rows, rows.gaps, state)


def read_with_drift(
    drift: Drift, cell: eqx.nn.GRUCell, rows: Rows, gaps: Float[Array, " time"], state: Float[Array, " hidden"]
) -> Float[Array, " hidden"]:
    """Return the state after all rows, each of which is read after its gap."""

    def step(state: Array, row: tuple[Array, Array, Array]) -> Array:
        gap, inputs, any_observed = row
        state = drift(state, gap)
        return jnp.where(any_observed, cell(inputs, state), state)

    inputs = jnp.concatenate([rows.values, rows.masks], axis=1)
    return rows.read(step, state, (gaps, inputs, rows.observed.any(axis=1)))
