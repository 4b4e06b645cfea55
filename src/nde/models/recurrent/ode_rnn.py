"""A recurrent network whose state follows a differential equation between observations."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from nde.core.compiled import compiled
from nde.gradients import AbstractAdjoint, RecursiveCheckpointAdjoint
from nde.models.recurrent.drift import Drift
from nde.models.recurrent.ends import Ends
from nde.models.recurrent.rows import Rows
from nde.solvers import AbstractSolver, Midpoint
from nde.stepping import AbstractStepSizeController


class ODERNN(eqx.Module):
    """A state that follows `dh/dt = f(h)` from row to row, where a gated recurrent unit reads what was observed.

    The unit reads values, zero where nothing was observed, and masks; a row in which nothing was observed passes. Each
    gap is one solve from 0 to 1 with the vector field times the gap. By default it is one step of the midpoint rule,
    which for rows that are not far apart is fine enough. It is written for one series: `jax.vmap` is the caller's.

    Args:
        input_size: Number of channels.
        hidden_size: Length of the state.
        output_size: Length of the output.
        static_size: Number of static features, of which the first state is made.
        width: Width of the vector field's hidden layers.
        depth: Number of its hidden layers.
        solver: The method.
        stepsize_controller: How steps are chosen; by default, they are equal. One that adapts is much slower.
        adjoint: How solves are differentiated.
        steps: How many equal steps a gap is, without such a controller.
        key: Of `jax.random`, for the weights.

    Attributes:
        drift: The differential equation between rows.
        cell: The recurrent unit.
        ends: The first state, and the output.

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

    @compiled(solves=True)
    def __call__(
        self,
        ts: Float[Array, " time"],
        ys: Float[Array, "time channels"],
        length: Int[Array, ""] | int,
        static: Float[Array, " features"],
    ) -> Float[Array, " output"]:
        """The output after the last row.

        Args:
            ts: Times, increasing.
            ys: Normalized channels; `nan` where nothing was observed.
            length: How many rows are the series' own; what comes after them is not read.
            static: Static features.
        """
        rows = Rows.of(ts, ys, length)
        return self.ends.output(drifted(self.drift, self.cell, rows, rows.gaps, self.ends.first(static)))


def drifted(
    drift: Drift, cell: eqx.nn.GRUCell, rows: Rows, gaps: Float[Array, " time"], state: Float[Array, " hidden"]
) -> Float[Array, " hidden"]:
    """The state after all rows, each read after its gap."""

    def step(state: Array, row: tuple[Array, Array, Array]) -> Array:
        gap, given, any_observed = row
        state = drift(state, gap)
        return jnp.where(any_observed, cell(given, state), state)

    given = jnp.concatenate([rows.values, rows.masks], axis=1)
    return rows.read(step, state, (gaps, given, rows.observed.any(axis=1)))
