"""A monotone operator equilibrium network."""

import math
from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from nde.models.equilibrium.base import (
    GRADIENT,
    SOLVER,
    AbstractEquilibriumModel,
    check_input,
    check_sizes,
    checked_dropout,
)
from nde.models.equilibrium.deq import DEQ
from nde.models.equilibrium.monotone import AbstractSplitting, MonotoneMap, PeacemanRachford
from nde.roots.arguments import check_kind


class MonotoneDEQ(AbstractEquilibriumModel):
    """A monotone operator equilibrium network of vectors: `z = relu(W z + U x + b)`, `y = O z + c`.

    `W = (1 - m) I - A^T A + B - B^T` may have any norm: for every `A`, `B` and `x` there is one equilibrium, and the
    splitting finds it from everywhere. It moves by at most `1 / m` times as much as `U x + b`.

    Args:
        input_size: Length of the input.
        hidden_size: Length of the state.
        output_size: Length of the output.
        margin: The number `m`, positive. A smaller one gives more freedom, and more steps.
        splitting: `PeacemanRachford()` or `ForwardBackward()`.
        dropout: The probability that a number of the equilibrium is dropped in training.
        solver: How the equilibrium is found. `Picard()` is the plain splitting, whose convergence is guaranteed;
            `Anderson()` needs fewer steps.
        gradient: How it is differentiated.
        options: Passed to `DEQ`: `rtol`, `atol`, `max_steps`, `applications`, `throw`.
        key: A `jax.random` key for the weights.

    Attributes:
        encoder: The map with `U` and `b`.
        layer: The equilibrium layer.
        decoder: The map with `O` and `c`.
        dropout: The probability of dropout.

    Raises:
        ValueError: If a size or `margin` is not positive, or `dropout` is no probability.
        TypeError: If `splitting` is of another kind.

    Source: Winston and Kolter, *Monotone operator equilibrium networks* (2020), doi:10.48550/arXiv.2006.08591.

    Example:
        ```python
        import jax
        import nde

        model = nde.models.MonotoneDEQ(input_size=4, hidden_size=16, output_size=3, key=jax.random.key(0))
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
        margin: float = 0.1,
        splitting: AbstractSplitting = PeacemanRachford(),
        dropout: float = 0.0,
        solver: Any = SOLVER,
        gradient: Any = GRADIENT,
        key: PRNGKeyArray,
        **options: Any,
    ) -> None:
        check_sizes("MonotoneDEQ", input_size=input_size, hidden_size=hidden_size, output_size=output_size)
        check_kind("MonotoneDEQ", "splitting", splitting, AbstractSplitting, "nde.models.PeacemanRachford()")
        if not 0 < margin < math.inf:
            raise ValueError(f"`MonotoneDEQ` got margin={margin!r}; expected a positive number, such as 0.1.")
        first, middle, last = jax.random.split(key, 3)
        f = MonotoneMap.random(hidden_size, float(margin), splitting, middle)
        self.encoder = eqx.nn.Linear(input_size, hidden_size, key=first)
        self.layer = DEQ(f, hidden_size, solver=solver, gradient=gradient, **options)
        self.decoder = eqx.nn.Linear(hidden_size, output_size, key=last)
        self.dropout = checked_dropout("MonotoneDEQ", dropout)

    def inject(self, x: Float[Array, "..."]) -> Float[Array, " hidden"]:
        """Return `U x + b`."""
        check_input("MonotoneDEQ", x, "input_size", (self.encoder.in_features,))
        return self.encoder(x)

    def read(self, z: Float[Array, " hidden"]) -> Float[Array, " output"]:
        """Return `O relu(z) + c`, as `relu` of a splitting's state is the equilibrium."""
        return self.decoder(jax.nn.relu(z))
