"""The base class of recurrent models of a series."""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from nde.core.compiled import compiled
from nde.models.recurrent.rows import Rows


class Ends(eqx.Module):
    """The initial state, from static features, and the output, from the final state.

    Attributes:
        begin: The map from static features to the initial state; `None` without features, for a state of zeros.
        end: The map from the final state to the output.
    """

    begin: eqx.nn.Linear | None
    end: eqx.nn.Linear

    def __init__(self, static_size: int, hidden_size: int, output_size: int, *, key: PRNGKeyArray) -> None:
        first, last = jax.random.split(key)
        self.begin = eqx.nn.Linear(static_size, hidden_size, key=first) if static_size else None
        self.end = eqx.nn.Linear(hidden_size, output_size, key=last)

    def first(self, static: Float[Array, " features"]) -> Float[Array, " hidden"]:
        """Return the state before the first row.

        Raises:
            ValueError: If the number of features is not that of the model.
        """
        expected = 0 if self.begin is None else self.begin.in_features
        if static.shape[0] != expected:
            raise ValueError(
                f"The model was created for {expected} static features; got {static.shape[0]}. Create it with "
                f"`static_size={static.shape[0]}`, or omit the features."
            )
        return jnp.zeros(self.end.in_features) if self.begin is None else jnp.tanh(self.begin(static))

    def output(self, state: Float[Array, " hidden"]) -> Float[Array, " output"]:
        """Return the output for the final state."""
        return self.end(state)


class AbstractRecurrent(eqx.Module):
    """Base class of models that update a state at each row and compute their output from the final state."""

    ends: eqx.AbstractVar[Ends]

    @abc.abstractmethod
    def read(self, rows: Rows, state: Float[Array, " hidden"]) -> Float[Array, " hidden"]:
        """Return the state after all rows."""

    @compiled(solves=True)
    def __call__(
        self,
        ts: Float[Array, " time"],
        ys: Float[Array, "time channels"],
        length: Int[Array, ""] | int,
        static: Float[Array, " features"],
    ) -> Float[Array, " output"]:
        """Compute the output after the last row.

        Args:
            ts: Increasing times.
            ys: Normalized channels, with `nan` for missing values.
            length: The number of rows of the series; the padding after them is ignored.
            static: Static features.
        """
        return self.ends.output(self.read(Rows.of(ts, ys, length), self.ends.first(static)))
