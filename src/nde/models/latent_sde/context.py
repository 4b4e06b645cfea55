"""What is read of a series from each row on, from the last row to the first."""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from nde.core.compiled import compiled
from nde.models.neural_cde import NeuralCDE
from nde.models.recurrent.rows import Rows


class AbstractContextEncoder(eqx.Module):
    """Makes of one series a context for each row, which tells of that row and of those after it.

    Example:
        ```python
        from nde.models import AbstractContextEncoder, CDEContext, GRUContext

        assert issubclass(GRUContext, AbstractContextEncoder) and issubclass(CDEContext, AbstractContextEncoder)
        ```
    """

    context_size: eqx.AbstractVar[int]

    @abc.abstractmethod
    def __call__(
        self, ts: Float[Array, " time"], ys: Float[Array, "time channels"], length: Int[Array, ""] | int
    ) -> Float[Array, "time context"]:
        """The contexts; those of the padding mean nothing.

        Args:
            ts: Times, increasing.
            ys: Normalized channels; `nan` where nothing was observed.
            length: How many rows are read.
        """


class GRUContext(AbstractContextEncoder):
    """A gated recurrent unit that reads values, masks, and the time to the row that comes after; then a linear map.

    Args:
        input_size: Number of channels.
        context_size: Length of a context.
        hidden_size: Length of the unit's state.
        key: Of `jax.random`, for the weights.

    Attributes:
        cell: The recurrent unit.
        readout: From its state to a context.
        context_size: Length of a context.

    Source: Li, Wong, Chen and Duvenaud, *Scalable gradients for stochastic differential equations* (2020), section 5,
    doi:10.48550/arXiv.2001.01328.

    Example:
        ```python
        import jax, jax.numpy as jnp
        from nde.models import GRUContext

        encoder = GRUContext(input_size=1, context_size=4, hidden_size=8, key=jax.random.key(0))
        print(encoder(jnp.array([0.0, 0.3, 2.0]), jnp.array([[1.0], [jnp.nan], [3.0]]), 3).shape)
        ```
    """

    cell: eqx.nn.GRUCell
    readout: eqx.nn.Linear
    context_size: int = eqx.field(static=True)

    def __init__(self, input_size: int, context_size: int, hidden_size: int, *, key: PRNGKeyArray) -> None:
        keys = jax.random.split(key)
        self.cell = eqx.nn.GRUCell(2 * input_size + 1, hidden_size, key=keys[0])
        self.readout = eqx.nn.Linear(hidden_size, context_size, key=keys[1])
        self.context_size = context_size

    @compiled()
    def __call__(
        self, ts: Float[Array, " time"], ys: Float[Array, "time channels"], length: Int[Array, ""] | int
    ) -> Float[Array, "time context"]:
        """The contexts."""
        rows = Rows.of(ts, ys, length)
        inputs = jnp.concatenate([rows.values, rows.masks, rows.gaps_after[:, None]], axis=1)
        start = jnp.zeros(self.cell.hidden_size, inputs.dtype)
        states = rows.backward().readings(lambda state, row: self.cell(row, state), start, inputs[::-1])
        return jax.vmap(self.readout)(states[::-1])


class CDEContext(AbstractContextEncoder):
    """A neural controlled differential equation that is driven by the series backward in time.

    Args:
        input_size: Number of channels.
        context_size: Length of a context.
        hidden_size: Length of the equation's state.
        width: Of the hidden layers of its vector field.
        depth: How many of them it has.
        key: Of `jax.random`, for the weights.

    Attributes:
        equation: The controlled equation; its first channel is time.
        context_size: Length of a context.

    Source: Kidger, Morrill, Foster and Lyons, *Neural controlled differential equations for irregular time series*
    (2020), doi:10.48550/arXiv.2005.08926.

    Example:
        ```python
        import jax, jax.numpy as jnp
        from nde.models import CDEContext

        encoder = CDEContext(input_size=1, context_size=4, hidden_size=8, key=jax.random.key(0))
        print(encoder(jnp.array([0.0, 0.3, 2.0]), jnp.array([[1.0], [jnp.nan], [3.0]]), 3).shape)
        ```
    """

    equation: NeuralCDE
    context_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        context_size: int,
        hidden_size: int,
        *,
        width: int = 32,
        depth: int = 1,
        key: PRNGKeyArray,
    ) -> None:
        # Without integrals the state rests in the padding, where no channel moves.
        self.equation = NeuralCDE(
            input_size + 1, hidden_size, context_size, width=width, depth=depth, integrals=0.0, key=key
        )
        self.context_size = context_size

    @compiled(solves=True)
    def __call__(
        self, ts: Float[Array, " time"], ys: Float[Array, "time channels"], length: Int[Array, ""] | int
    ) -> Float[Array, "time context"]:
        """The contexts."""
        rows = Rows.of(ts, ys, length)
        channels = jnp.concatenate([-rows.ts[:, None], jnp.where(rows.observed, ys, jnp.nan)], axis=1)
        return self.equation.readings(-ts[::-1], channels[::-1])[::-1]
