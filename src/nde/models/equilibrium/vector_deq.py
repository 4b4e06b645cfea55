"""A deep equilibrium model of vectors."""

from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from nde.models.equilibrium.base import (
    GRADIENT,
    SOLVER,
    AbstractEquilibriumModel,
    Activation,
    check_input,
    check_sizes,
    checked_dropout,
)
from nde.models.equilibrium.deq import DEQ
from nde.models.equilibrium.injected_map import InjectedMap
from nde.nn import bounded_norms


class VectorDEQ(AbstractEquilibriumModel):
    """A deep equilibrium model from vectors to vectors: `z = activation(W z + U x + b)`, `y = O z + c`.

    The spectral norm of `W` is bounded. With a bound below 1 and an activation that does not stretch, there is one
    equilibrium, and every iteration finds it.

    Args:
        input_size: Length of the input.
        hidden_size: Length of the state.
        output_size: Length of the output.
        bound: The bound of the spectral norm of `W`.
        activation: The activation.
        dropout: The probability that a number of the equilibrium is dropped in training.
        solver: How the equilibrium is found.
        gradient: How it is differentiated.
        options: Passed to `DEQ`: `rtol`, `atol`, `max_steps`, `applications`, `throw`.
        key: A `jax.random` key for the weights.

    Attributes:
        encoder: The map with `U` and `b`.
        layer: The equilibrium layer.
        decoder: The map with `O` and `c`.
        dropout: The probability of dropout.

    Raises:
        ValueError: If a size is not positive, or `dropout` is no probability.

    Source: Bai, Kolter and Koltun, *Deep equilibrium models* (2019), doi:10.48550/arXiv.1909.01377.

    Example:
        ```python
        import jax
        import nde

        model = nde.models.VectorDEQ(input_size=4, hidden_size=16, output_size=3, key=jax.random.key(0))
        xs = jax.random.normal(jax.random.key(1), (10, 4))
        print(model(xs, batched=True).shape, model.solve(xs, batched=True).stats["num_steps"])
        ```
    """

    encoder: eqx.nn.Linear
    layer: DEQ
    decoder: eqx.nn.Linear
    dropout: float = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        output_size: int,
        *,
        bound: float = 0.95,
        activation: Activation = jax.nn.relu,
        dropout: float = 0.0,
        solver: Any = SOLVER,
        gradient: Any = GRADIENT,
        key: PRNGKeyArray,
        **options: Any,
    ) -> None:
        check_sizes("VectorDEQ", input_size=input_size, hidden_size=hidden_size, output_size=output_size)
        first, middle, last = jax.random.split(key, 3)
        weight = eqx.nn.Linear(hidden_size, hidden_size, use_bias=False, key=middle)
        self.encoder = eqx.nn.Linear(input_size, hidden_size, key=first)
        f = InjectedMap(bounded_norms(weight, bound), activation)
        self.layer = DEQ(f, hidden_size, solver=solver, gradient=gradient, **options)
        self.decoder = eqx.nn.Linear(hidden_size, output_size, key=last)
        self.dropout = checked_dropout("VectorDEQ", dropout)

    def inject(self, x: Float[Array, "..."]) -> Float[Array, " hidden"]:
        """Return `U x + b`."""
        check_input("VectorDEQ", x, "input_size", (self.encoder.in_features,))
        return self.encoder(x)

    def read(self, z: Float[Array, " hidden"]) -> Float[Array, " output"]:
        """Return `O z + c`."""
        return self.decoder(z)
