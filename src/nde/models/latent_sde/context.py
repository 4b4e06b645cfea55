"""Encoders that return a context for each row, reading a series backward."""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from nde.core.compiled import compiled
from nde.models.neural_cde import NeuralCDE
from nde.models.recurrent.rows import Rows


class AbstractContextEncoder(eqx.Module):
    """Base class of encoders that return a context for each row, which depends on this row and those after it.

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
        """Return the contexts. Those of the padding are meaningless.

        Args:
            ts: Increasing times.
            ys: Normalized channels, with `nan` for missing values.
            length: The number of rows to read.
        """


class GRUContext(AbstractContextEncoder):
    """A GRU that reads values, masks, and the time to the next row, followed by a linear map.

    Args:
        input_size: Number of channels.
        context_size: Size of a context.
        hidden_size: Size of the GRU's state.
        key: A key of `jax.random` for the weights.

    Attributes:
        cell: The GRU cell.
        readout: The map from its state to a context.
        context_size: Size of a context.

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
        """Return the contexts."""
        rows = Rows.of(ts, ys, length)
        start = jnp.zeros(self.cell.hidden_size, rows.values.dtype)
        states = rows.backward().readings(lambda state, row: self.cell(row, state), start, rows.backward_inputs)
        return jax.vmap(self.readout)(states[::-1])


class CDEContext(AbstractContextEncoder):
    """A neural CDE driven by the series backward in time.

    Args:
        input_size: Number of channels.
        context_size: Size of a context.
        hidden_size: Size of the CDE's state.
        width: Width of the vector field's hidden layers.
        depth: Number of its hidden layers.
        key: A key of `jax.random` for the weights.

    Attributes:
        equation: The neural CDE, whose first channel is time.
        context_size: Size of a context.

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
        # Without integrals the state is constant in the padding, where all channels are.
        self.equation = NeuralCDE(
            input_size + 1, hidden_size, context_size, width=width, depth=depth, integrals=0.0, key=key
        )
        self.context_size = context_size

    @compiled(solves=True)
    def __call__(
        self, ts: Float[Array, " time"], ys: Float[Array, "time channels"], length: Int[Array, ""] | int
    ) -> Float[Array, "time context"]:
        """Return the contexts."""
        rows = Rows.of(ts, ys, length)
        channels = jnp.concatenate([-rows.ts[:, None], jnp.where(rows.observed, ys, jnp.nan)], axis=1)
        return self.equation.readings(-ts[::-1], channels[::-1])[::-1]
