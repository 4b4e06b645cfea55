"""A GRU with time gaps as inputs."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from nde.models.recurrent.base import AbstractRecurrent, Ends
from nde.models.recurrent.rows import Rows


class GRUDeltaT(AbstractRecurrent):
    """A GRU that reads, at each row, the values, which of them were observed, and the time since the previous row.

    A missing value is replaced by the last observed value of its channel, or by zero, the mean of normalized data. The
    model takes a single series; use `jax.vmap` for a batch.

    Args:
        input_size: Number of channels.
        hidden_size: Size of the state.
        output_size: Size of the output.
        static_size: Number of static features, which determine the initial state.
        masks: Whether the GRU reads which values were observed.
        key: A key of `jax.random` for the weights.

    Attributes:
        cell: The GRU cell.
        ends: The initial state and the readout.
        masks: Whether the GRU reads which values were observed.

    Source: Cho et al., *Learning phrase representations using RNN encoder-decoder* (2014),
    doi:10.48550/arXiv.1406.1078; with time gaps as in Rubanova, Chen and Duvenaud, *Latent ODEs for irregularly-sampled
    time series* (2019), doi:10.48550/arXiv.1907.03907.

    Example:
        ```python
        import jax
        import nde
        from nde.data import pad
        from nde.models import GRUDeltaT

        batch = pad(nde.TimeSeries.from_arrays([[1.0, float("nan"), 3.0], [4.0]]))
        model = GRUDeltaT(input_size=1, hidden_size=8, output_size=2, key=jax.random.key(0))
        print(jax.vmap(model)(batch.ts, batch.ys, batch.lengths, batch.static))
        ```
    """

    cell: eqx.nn.GRUCell
    ends: Ends
    masks: bool = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        output_size: int,
        *,
        static_size: int = 0,
        masks: bool = True,
        key: PRNGKeyArray,
    ) -> None:
        keys = jax.random.split(key)
        self.cell = eqx.nn.GRUCell(input_size * (2 if masks else 1) + 1, hidden_size, key=keys[0])
        self.ends = Ends(static_size, hidden_size, output_size, key=keys[1])
        self.masks = masks

    def read(self, rows: Rows, state: Float[Array, " hidden"]) -> Float[Array, " hidden"]:
        """Return the state after all rows."""
        parts = [rows.filled, rows.masks] if self.masks else [rows.filled]
        inputs = jnp.concatenate([*parts, rows.gaps[:, None]], axis=1)
        return rows.read(lambda state, row: self.cell(row, state), state, inputs)
