"""Average the weights during training."""

import dataclasses

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int


@dataclasses.dataclass(frozen=True)
class StochasticWeightAverage:
    """Mean of the weights after each step beyond step `start`, for `nde.train.fit(average=...)`.

    Where weights circle around an optimum, as those of a GAN do, their mean is closer to it. Until step `start` the
    average is the weights themselves. Skipped steps do not count.

    Attributes:
        start: The number of steps before averaging begins.

    Raises:
        ValueError: If `start` is negative.

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
            raise ValueError(f"start must be a non-negative number of steps; got {self.start}.")


Average = float | StochasticWeightAverage
"""The decay of an exponential moving average, or the mean of all weights after a step."""


def update_fraction(average: Average, before: Int[Array, ""]) -> Float[Array, ""]:
    """Return how far the average moves towards the weights after the next step, as a share of the distance.

    An exponential average `a` with decay `d` that starts from zero has the unbiased version `a / (1 - d^n)` after `n`
    steps; its steps have this size.

    Args:
        average: The kind of average.
        before: The number of accepted steps so far.
    """
    if isinstance(average, StochasticWeightAverage):
        return 1 / jnp.maximum(1, before + 1 - average.start).astype(float)
    return (1 - average) / -jnp.expm1((before + 1).astype(float) * float(np.log(average)))
