"""Averages of the weights along a training."""

import dataclasses

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int


@dataclasses.dataclass(frozen=True)
class StochasticWeightAverage:
    """The plain mean of the weights after each step beyond a first part, for `nde.train.fit(average=...)`.

    Where weights run around an optimum, as those of two players do, their mean is nearer to it. Before the first of
    these steps the average is the weights themselves; steps that were passed over do not count.

    Attributes:
        start: How many steps the first part has.

    Raises:
        ValueError: If it is negative.

    Source: Izmailov, Podoprikhin, Garipov, Vetrov and Wilson, *Averaging weights leads to wider optima and better
    generalization* (2018), doi:10.48550/arXiv.1803.05407.

    Example:
        ```python
        import equinox as eqx, jax, jax.numpy as jnp
        from nde.train import StochasticWeightAverage, fit

        x = jnp.linspace(-1.0, 1.0, 20)[:, None]
        model, average = eqx.nn.Linear(1, 1, key=jax.random.key(0)), StochasticWeightAverage(start=10)
        loss = lambda model, x, key: jnp.mean((jax.vmap(model)(x) - 3 * x) ** 2)
        print(fit(model, loss, x, steps=20, key=jax.random.key(1), average=average).model.weight)
        ```
    """

    start: int

    def __post_init__(self) -> None:
        if self.start < 0:
            raise ValueError(f"Got start={self.start}; a number of steps is wanted, zero or more.")


Average = float | StochasticWeightAverage
"""The decay of an exponential moving average, or the mean of all from a step on."""


def pull_of(average: Average, before: Int[Array, ""]) -> Float[Array, ""]:
    """How far an average moves towards the weights after the next step.

    Of an exponential average `a` with decay `d` that begins at zero, `a / (1 - d^n)` after `n` steps has no bias; this
    is how it moves.

    Args:
        average: Which it is.
        before: How many steps were taken.
    """
    if isinstance(average, StochasticWeightAverage):
        return 1 / jnp.maximum(1, before + 1 - average.start).astype(float)
    return (1 - average) / -jnp.expm1((before + 1).astype(float) * float(np.log(average)))
