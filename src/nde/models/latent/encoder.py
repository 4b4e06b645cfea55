"""Encoders that read a series backward, from its last row to its first."""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from nde.core.compiled import compiled
from nde.gradients import AbstractAdjoint, RecursiveCheckpointAdjoint
from nde.models.recurrent.drift import Drift
from nde.models.recurrent.ode_rnn import read_with_drift
from nde.models.recurrent.rows import Rows
from nde.solvers import AbstractSolver, Midpoint
from nde.stepping import AbstractStepSizeController


class AbstractEncoder(eqx.Module):
    """Base class of encoders that summarize a series as a state of size `hidden_size`.

    Example:
        ```python
        from nde.models import AbstractEncoder, GRUEncoder, ODERNNEncoder

        assert issubclass(GRUEncoder, AbstractEncoder) and issubclass(ODERNNEncoder, AbstractEncoder)
        ```
    """

    hidden_size: eqx.AbstractVar[int]

    @abc.abstractmethod
    def __call__(
        self, ts: Float[Array, " time"], ys: Float[Array, "time channels"], length: Int[Array, ""] | int
    ) -> Float[Array, " hidden"]:
        """Return the state after the first row, which is read last.

        Args:
            ts: Increasing times.
            ys: Normalized channels, with `nan` for missing values.
            length: The number of rows to read.
        """


class GRUEncoder(AbstractEncoder):
    """A GRU that reads values, masks, and the time to the next row.

    Args:
        input_size: Number of channels.
        hidden_size: Size of the state.
        key: A key of `jax.random` for the weights.

    Attributes:
        cell: The GRU cell.
        hidden_size: Size of the state.

    Source: Chen, Rubanova, Bettencourt and Duvenaud, *Neural ordinary differential equations* (2018), section 5,
    doi:10.48550/arXiv.1806.07366.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        from nde.models import GRUEncoder

        encoder = GRUEncoder(input_size=1, hidden_size=8, key=jax.random.key(0))
        print(encoder(jnp.array([0.0, 0.3, 2.0]), jnp.array([[1.0], [jnp.nan], [3.0]]), 3))
        ```
    """

    cell: eqx.nn.GRUCell
    hidden_size: int = eqx.field(static=True)

    def __init__(self, input_size: int, hidden_size: int, *, key: PRNGKeyArray) -> None:
        self.cell = eqx.nn.GRUCell(2 * input_size + 1, hidden_size, key=key)
        self.hidden_size = hidden_size

    @compiled()
    def __call__(
        self, ts: Float[Array, " time"], ys: Float[Array, "time channels"], length: Int[Array, ""] | int
    ) -> Float[Array, " hidden"]:
        """Return the state after the first row, which is read last."""
        rows, start = Rows.of(ts, ys, length), jnp.zeros(self.hidden_size)
        return rows.backward().read(lambda state, row: self.cell(row, state), start, rows.backward_inputs)


class ODERNNEncoder(AbstractEncoder):
    """An ODE-RNN: the state follows an ODE backward in time, and a GRU cell updates it at each row.

    Args:
        input_size: Number of channels.
        hidden_size: Size of the state.
        width: Width of the vector field's hidden layers.
        depth: Number of its hidden layers.
        solver: The solver.
        stepsize_controller: The step size controller; by default steps are equal.
        adjoint: How gradients are computed through the solve.
        steps: Number of equal steps per gap, without a controller.
        key: A key of `jax.random` for the weights.

    Attributes:
        drift: The ODE between rows.
        cell: The GRU cell.
        hidden_size: Size of the state.

    Source: Rubanova, Chen and Duvenaud, *Latent ODEs for irregularly-sampled time series* (2019), section 3,
    doi:10.48550/arXiv.1907.03907.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        from nde.models import ODERNNEncoder

        encoder = ODERNNEncoder(input_size=1, hidden_size=8, key=jax.random.key(0))
        print(encoder(jnp.array([0.0, 0.3, 2.0]), jnp.array([[1.0], [jnp.nan], [3.0]]), 3))
        ```
    """

    drift: Drift
    cell: eqx.nn.GRUCell
    hidden_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        width: int = 32,
        depth: int = 1,
        solver: AbstractSolver = Midpoint(),
        stepsize_controller: AbstractStepSizeController | None = None,
        adjoint: AbstractAdjoint = RecursiveCheckpointAdjoint(),
        steps: int = 1,
        key: PRNGKeyArray,
    ) -> None:
        keys = jax.random.split(key)
        self.drift = Drift(hidden_size, width, depth, solver, stepsize_controller, adjoint, steps, key=keys[0])
        self.cell = eqx.nn.GRUCell(2 * input_size, hidden_size, key=keys[1])
        self.hidden_size = hidden_size

    @compiled(solves=True)
    def __call__(
        self, ts: Float[Array, " time"], ys: Float[Array, "time channels"], length: Int[Array, ""] | int
    ) -> Float[Array, " hidden"]:
        """Return the state after the first row, which is read last."""
        rows = Rows.of(ts, ys, length)
        start = jnp.zeros(self.hidden_size)
        return read_with_drift(self.drift, self.cell, rows.backward(), -rows.gaps_after[::-1], start)
