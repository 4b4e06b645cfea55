"""What a recurrent network begins and ends with."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray


class Ends(eqx.Module):
    """The first state, made of static features, and the output, made of the last.

    Attributes:
        begin: From static features to the first state; `None` without features, for a state of zeros.
        end: From the last state to the output.
    """

    begin: eqx.nn.Linear | None
    end: eqx.nn.Linear

    def __init__(self, static_size: int, hidden_size: int, output_size: int, *, key: PRNGKeyArray) -> None:
        first, last = jax.random.split(key)
        self.begin = eqx.nn.Linear(static_size, hidden_size, key=first) if static_size else None
        self.end = eqx.nn.Linear(hidden_size, output_size, key=last)

    def first(self, static: Float[Array, " features"]) -> Float[Array, " hidden"]:
        """The state before the first row.

        Raises:
            ValueError: If there are more or fewer features than the model was made for.
        """
        wanted = 0 if self.begin is None else self.begin.in_features
        if static.shape[0] != wanted:
            raise ValueError(
                f"Got {static.shape[0]} static features; the model was made for {wanted}. Pass "
                f"`static_size={static.shape[0]}` when it is made, or leave features out."
            )
        return jnp.zeros(self.end.in_features) if self.begin is None else jnp.tanh(self.begin(static))

    def output(self, state: Float[Array, " hidden"]) -> Float[Array, " output"]:
        """What is told of the last state."""
        return self.end(state)
