"""Random walks."""

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from nde.data import Table
from nde.models.scaling import Scaling, Transform
from nde.models.stochastic import AbstractSDEModel
from nde.train import Transitions


class RandomWalk(AbstractSDEModel):
    """A random walk of each quantity, `dx = volatility dW`: the baseline of other SDE models.

    It can also model the square roots or logarithms of the quantities.

    Attributes:
        log_volatility: The logarithms of the volatilities, in model states and model time.

    Example:
        ```python
        from nde.data import load_sunspots
        from nde.models import RandomWalk

        print(RandomWalk.from_tables([load_sunspots()], "root").equation())
        ```
    """

    key: ClassVar[str] = "random-walk"
    coupled: ClassVar[bool] = False
    most_substeps: ClassVar[int] = 1
    names: tuple[str, ...] = eqx.field(static=True)
    scaling: Scaling = eqx.field(static=True)
    log_volatility: Float[Array, " columns"]

    @classmethod
    def blank(cls, names: tuple[str, ...], scaling: Scaling, *, key: PRNGKeyArray) -> "RandomWalk":
        """Return a model with unit volatilities."""
        del key
        return cls(names=names, scaling=scaling, log_volatility=jnp.zeros(len(names)))

    @classmethod
    def from_tables(
        cls, tables: Sequence[Table], transform: Transform = "none", *, key: PRNGKeyArray = jax.random.key(0)
    ) -> "RandomWalk":
        """Create a model with the volatilities of maximum likelihood, so there is nothing left to fit.

        Args:
            tables: One table for each series.
            transform: Whether to model the quantities themselves (`none`), their square roots (`root`) or their
                logarithms (`log`).
            key: Unused.

        Raises:
            DataError: If a value has no square root or logarithm.
        """
        scaling = Scaling.of_series(tables, transform)
        volatilities = Transitions.of(tables, scaling, coupled=cls.coupled).volatilities()
        blank = cls.blank(tables[0].names, scaling, key=key)
        return eqx.tree_at(lambda m: m.log_volatility, blank, jnp.asarray(np.log(volatilities), float))

    def drift(self, z: Float[Array, " columns"]) -> Float[Array, " columns"]:
        """Return zero."""
        return jnp.zeros_like(z)

    def diffusion(self, z: Float[Array, " columns"]) -> Float[Array, " columns"]:
        """Return the diffusion, which is constant."""
        del z
        return jnp.exp(self.log_volatility)

    def natural(self) -> dict[str, Array]:
        """Return the volatility of each quantity."""
        volatility = jnp.exp(self.log_volatility) * jnp.asarray(self.scaling.scale) / math.sqrt(self.scaling.unit)
        return {f"volatility{self.of(i)}": volatility[i] for i in range(len(self.names))}

    def meanings(self) -> dict[str, str]:
        """Return the meaning and unit of each parameter."""
        labels = [self.scaling.label(name) for name in self.names]
        return {
            f"volatility{self.of(i)}": f"noise of {label}, in the units of {label} per square root of time"
            for i, label in enumerate(labels)
        }

    def unidentified(self, errors: Mapping[str, float | None]) -> frozenset[str]:
        """Return an empty set."""
        del errors
        return frozenset()

    def equation(self) -> str:
        """Return the equation with the fitted parameters."""
        labels = [self.scaling.label(name) for name in self.names]
        values = [value for value, _ in self.parameters().values()]
        return "\n".join(f"d {x} = {value:.3g} dW" for x, value in zip(labels, values, strict=True))
