"""Growth in proportion, with noise in proportion."""

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
    """`dx = growth x dt + volatility x dW` for each quantity, in Itô's sense.

    It computes in logarithms, of which Itô's formula says `d log x = (growth - volatility^2 / 2) dt + volatility dW`:
    there Euler's steps are exact.

    Attributes:
        growth: In model time.
        log_volatility: Logarithms, in model time.

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
        """No growth, and volatilities one."""
        del key
        zeros = jnp.zeros(len(names))
        return cls(names=names, scaling=scaling, growth=zeros, log_volatility=zeros)

    @classmethod
    def from_tables(
        cls, tables: Sequence[Table], transform: Transform = "log", *, key: PRNGKeyArray = jax.random.key(0)
    ) -> "GeometricBrownianMotion":
        """No growth, and volatilities by the mean square of the changes of logarithms.

        Args:
            tables: One for each series.
            transform: Not used: it always takes logarithms.
            key: Not used.

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
        """That of the logarithm, by Itô's formula."""
        del z
        return (self.growth - 0.5 * jnp.exp(2 * self.log_volatility)) / jnp.asarray(self.scaling.scale)

    def diffusion(self, z: Float[Array, " columns"]) -> Float[Array, " columns"]:
        """That of the logarithm."""
        del z
        return jnp.exp(self.log_volatility) / jnp.asarray(self.scaling.scale)

    def natural(self) -> dict[str, Array]:
        """Growth and volatility of each quantity."""
        growth = self.growth / self.scaling.unit
        volatility = jnp.exp(self.log_volatility) / math.sqrt(self.scaling.unit)
        return {
            f"{what}{self.of(i)}": values[i]
            for i in range(len(self.names))
            for what, values in (("growth", growth), ("volatility", volatility))
        }

    def meanings(self) -> dict[str, str]:
        """What they mean, and their units."""
        told = {}
        for i, name in enumerate(self.names):
            told[f"growth{self.of(i)}"] = f"rate at which the mean of {name} grows, per unit of time"
            told[f"volatility{self.of(i)}"] = f"noise as a share of {name}, per square root of time"
        return told

    def unidentified(self, errors: Mapping[str, float | None]) -> frozenset[str]:
        """None."""
        del errors
        return frozenset()

    def equation(self) -> str:
        """With the numbers found."""
        n = {name: value for name, (value, _) in self.parameters().items()}
        return "\n".join(
            f"d {x} = {n['growth' + self.of(i)]:.3g} {x} dt + {n['volatility' + self.of(i)]:.3g} {x} dW"
            for i, x in enumerate(self.names)
        )
