"""GRU-D, a GRU with trainable decay."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from nde.models.recurrent.base import AbstractRecurrent, Ends
from nde.models.recurrent.rows import Rows


class GRUD(AbstractRecurrent):
    """GRU-D: a GRU whose inputs and state decay while nothing is observed.

    With `d` the time since each channel was last observed, a missing value decays from the last value to the mean, and
    the state decays to zero:

    `x = exp(-max(0, w d + b)) last + (1 - exp(-max(0, w d + b))) mean` and `h = exp(-max(0, W d + B)) h`.

    Then the GRU reads `x` and which channels were observed. The mean is zero, since the data are normalized. The model
    takes a single series; use `jax.vmap` for a batch.

    Args:
        input_size: Number of channels.
        hidden_size: Size of the state.
        output_size: Size of the output.
        static_size: Number of static features, which determine the initial state.
        key: A key of `jax.random` for the weights.

    Attributes:
        cell: The GRU cell. Like cuDNN's, it applies the reset gate after the product with the state.
        value_rate: The rates `w`, one for each channel.
        value_offset: The offsets `b`.
        state_decay: The map with `W` and `B`.
        ends: The initial state and the readout.

    Source: Che, Purushotham, Cho, Sontag and Liu, *Recurrent neural networks for multivariate time series with missing
    values* (2018), equations 10 to 17, doi:10.1038/s41598-018-24271-9.

    Example:
        ```python
        import jax
        import nde
        from nde.data import pad
        from nde.models import GRUD

        batch = pad(nde.TimeSeries.from_arrays([[1.0, float("nan"), 3.0], [4.0]]))
        model = GRUD(input_size=1, hidden_size=8, output_size=2, key=jax.random.key(0))
        print(jax.vmap(model)(batch.ts, batch.ys, batch.lengths, batch.static))
        ```
    """

    cell: eqx.nn.GRUCell
    value_rate: Float[Array, " channels"]
    value_offset: Float[Array, " channels"]
    state_decay: eqx.nn.Linear
    ends: Ends

    def __init__(
        self, input_size: int, hidden_size: int, output_size: int, *, static_size: int = 0, key: PRNGKeyArray
    ) -> None:
        cell, rate, decay, ends = jax.random.split(key, 4)
        self.cell = eqx.nn.GRUCell(2 * input_size, hidden_size, key=cell)
        self.value_rate = jax.random.uniform(rate, (input_size,))
        self.value_offset = jnp.zeros(input_size)
        self.state_decay = eqx.nn.Linear(input_size, hidden_size, key=decay)
        self.ends = Ends(static_size, hidden_size, output_size, key=ends)

    def read(self, rows: Rows, state: Float[Array, " hidden"]) -> Float[Array, " hidden"]:
        """Return the state after all rows."""
        faded = _decay(self.value_rate[None] * rows.ages + self.value_offset[None]) * rows.filled_before
        values = jnp.where(rows.observed, rows.values, faded)
        state_decay = _decay(jax.vmap(self.state_decay)(rows.ages))
        inputs = (jnp.concatenate([values, rows.masks], axis=1), state_decay)
        return rows.read(lambda state, row: self.cell(row[0], row[1] * state), state, inputs)


def _decay(rates: Float[Array, "..."]) -> Float[Array, "..."]:
    return jnp.exp(-jax.nn.relu(rates))
