"""Geometric Brownian motion."""

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


class GeometricBrownianMotion(AbstractSDEModel):
    """Geometric Brownian motion of each quantity: the Itô SDE `dx = growth x dt + volatility x dW`.

    The model computes with logarithms, for which Itô's formula gives `d log x = (growth - volatility^2 / 2) dt +
    volatility dW`. Euler's method is exact there.

    Attributes:
        growth: The growth rates, in model time.
        log_volatility: The logarithms of the volatilities, in model time.

    Source: Black and Scholes, *The pricing of options and corporate liabilities* (1973), doi:10.1086/260062.

    Example:
        ```python
        from nde.data import load_lynx_hare
        from nde.models import GeometricBrownianMotion

        print(GeometricBrownianMotion.from_tables([load_lynx_hare()]).equation())
        ```
    """

    key: ClassVar[str] = "sde-geometric"
    coupled: ClassVar[bool] = False
    most_substeps: ClassVar[int] = 1
    names: tuple[str, ...] = eqx.field(static=True)
    scaling: Scaling = eqx.field(static=True)
    growth: Float[Array, " columns"]
    log_volatility: Float[Array, " columns"]

    @classmethod
    def blank(cls, names: tuple[str, ...], scaling: Scaling, *, key: PRNGKeyArray) -> "GeometricBrownianMotion":
        """Return a model without growth and with unit volatilities."""
        del key
        zeros = jnp.zeros(len(names))
        return cls(names=names, scaling=scaling, growth=zeros, log_volatility=zeros)

    @classmethod
    def from_tables(
        cls, tables: Sequence[Table], transform: Transform = "log", *, key: PRNGKeyArray = jax.random.key(0)
    ) -> "GeometricBrownianMotion":
        """Create a model without growth, with volatilities estimated from the changes of the logarithms.

        Args:
            tables: One table for each series.
            transform: Ignored; the model always takes logarithms.
            key: Unused.

        Raises:
            DataError: If a value is not positive.
        """
        del transform
        scaling = Scaling.of_series(tables, "log")
        pairs = Transitions.of(tables, scaling, coupled=cls.coupled)
        blank = cls.blank(tables[0].names, scaling, key=key)
        log_volatility = jnp.asarray(np.log(pairs.volatilities() * np.array(scaling.scale)), float)
        return eqx.tree_at(lambda m: m.log_volatility, blank, log_volatility)

    def drift(self, z: Float[Array, " columns"]) -> Float[Array, " columns"]:
        """Return the drift of the logarithms, by Itô's formula."""
        del z
        return (self.growth - 0.5 * jnp.exp(2 * self.log_volatility)) / jnp.asarray(self.scaling.scale)

    def diffusion(self, z: Float[Array, " columns"]) -> Float[Array, " columns"]:
        """Return the diffusion of the logarithms."""
        del z
        return jnp.exp(self.log_volatility) / jnp.asarray(self.scaling.scale)

    def natural(self) -> dict[str, Array]:
        """Return the growth rate and volatility of each quantity."""
        growth = self.growth / self.scaling.unit
        volatility = jnp.exp(self.log_volatility) / math.sqrt(self.scaling.unit)
        return {
            f"{what}{self.of(i)}": values[i]
            for i in range(len(self.names))
            for what, values in (("growth", growth), ("volatility", volatility))
        }

    def meanings(self) -> dict[str, str]:
        """Return the meaning and unit of each parameter."""
        meanings = {}
        for i, name in enumerate(self.names):
            meanings[f"growth{self.of(i)}"] = f"rate at which the mean of {name} grows, per unit of time"
            meanings[f"volatility{self.of(i)}"] = f"noise as a share of {name}, per square root of time"
        return meanings

    def unidentified(self, errors: Mapping[str, float | None]) -> frozenset[str]:
        """Return an empty set."""
        del errors
        return frozenset()

    def equation(self) -> str:
        """Return the equation with the fitted parameters."""
        n = {name: value for name, (value, _) in self.parameters().items()}
        return "\n".join(
            f"d {x} = {n['growth' + self.of(i)]:.3g} {x} dt + {n['volatility' + self.of(i)]:.3g} {x} dW"
            for i, x in enumerate(self.names)
        )
