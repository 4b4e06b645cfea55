"""Return to a mean, with noise."""

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

_LEAST_RATE = 0.02
_BLURRED = 0.5
"""The standard error of a rate, times the usual spacing, from which on the next value may as well remember nothing."""


class OrnsteinUhlenbeck(AbstractSDEModel):
    """`dx = rate (mean - x) dt + volatility dW` for each quantity, or for its root or logarithm.

    Attributes:
        log_rate: Logarithms of the rates, in model time.
        mean: In model states.
        log_volatility: Logarithms, in model states and model time.

    Source: Uhlenbeck and Ornstein, *On the theory of the Brownian motion* (1930), doi:10.1103/PhysRev.36.823.

    Example:
        ```python
        from nde.data import load_sunspots
        from nde.models import OrnsteinUhlenbeck

        print(OrnsteinUhlenbeck.from_tables([load_sunspots()], "root").equation())
        ```
    """

    key: ClassVar[str] = "sde-ou"
    coupled: ClassVar[bool] = False
    most_substeps: ClassVar[int] = 64
    names: tuple[str, ...] = eqx.field(static=True)
    scaling: Scaling = eqx.field(static=True)
    log_rate: Float[Array, " columns"]
    mean: Float[Array, " columns"]
    log_volatility: Float[Array, " columns"]

    @classmethod
    def blank(cls, names: tuple[str, ...], scaling: Scaling, *, key: PRNGKeyArray) -> "OrnsteinUhlenbeck":
        """Rates and volatilities one."""
        del key
        zeros = jnp.zeros(len(names))
        return cls(names=names, scaling=scaling, log_rate=zeros, mean=zeros, log_volatility=zeros)

    @classmethod
    def from_tables(
        cls, tables: Sequence[Table], transform: Transform = "none", *, key: PRNGKeyArray = jax.random.key(0)
    ) -> "OrnsteinUhlenbeck":
        """Rates and volatilities by the regression of each change on the state.

        Args:
            tables: One for each series.
            transform: What the equation is for: the quantities (`none`), their `root` or their `log`.
            key: Not used.

        Raises:
            DataError: If a value has no root or logarithm.
        """
        scaling = Scaling.of_series(tables, transform)
        pairs = Transitions.of(tables, scaling, coupled=cls.coupled)
        blank = cls.blank(tables[0].names, scaling, key=key)
        rates, volatilities = np.maximum(pairs.rates(), _LEAST_RATE), pairs.volatilities()
        logs = tuple(jnp.asarray(np.log(each), float) for each in (rates, volatilities))
        return eqx.tree_at(lambda m: (m.log_rate, m.log_volatility), blank, logs)

    def drift(self, z: Float[Array, " columns"]) -> Float[Array, " columns"]:
        """Towards the mean."""
        return jnp.exp(self.log_rate) * (self.mean - z)

    def diffusion(self, z: Float[Array, " columns"]) -> Float[Array, " columns"]:
        """The same everywhere."""
        del z
        return jnp.exp(self.log_volatility)

    def natural(self) -> dict[str, Array]:
        """Rate, mean and volatility of each quantity."""
        scale, center, unit = jnp.asarray(self.scaling.scale), jnp.asarray(self.scaling.center), self.scaling.unit
        rate = jnp.exp(self.log_rate) / unit
        mean = self.mean * scale + center
        volatility = jnp.exp(self.log_volatility) * scale / math.sqrt(unit)
        return {
            f"{what}{self.of(i)}": values[i]
            for i in range(len(self.names))
            for what, values in (("rate", rate), ("mean", mean), ("volatility", volatility))
        }

    def meanings(self) -> dict[str, str]:
        """What they mean, and their units."""
        told = {}
        for i, name in enumerate(self.names):
            label = self.scaling.label(name)
            told[f"rate{self.of(i)}"] = f"rate at which {label} returns to its mean, per unit of time"
            told[f"mean{self.of(i)}"] = f"what {label} returns to, in its unit"
            told[f"volatility{self.of(i)}"] = f"noise of {label}, in its unit per square root of time"
        return told

    def unidentified(self, errors: Mapping[str, float | None]) -> frozenset[str]:
        """Rate and volatility of a quantity whose next value does not clearly remember the one before.

        What it remembers is the share `exp(-rate gap)`, whose standard error is that share times `gap` times that of
        the rate. Where zero is within two of them the rate may be anything large; only `volatility^2 / rate` is known.
        """
        found = set()
        for i in range(len(self.names)):
            error = errors.get(f"rate{self.of(i)}")
            if error is not None and error * self.scaling.unit > _BLURRED:
                found |= {f"rate{self.of(i)}", f"volatility{self.of(i)}"}
        return frozenset(found)

    def equation(self) -> str:
        """With the numbers found."""
        n = {name: value for name, (value, _) in self.parameters().items()}
        labels = [self.scaling.label(name) for name in self.names]
        return "\n".join(
            f"d {x} = {n['rate' + self.of(i)]:.3g} ({n['mean' + self.of(i)]:.3g} - {x}) dt "
            f"+ {n['volatility' + self.of(i)]:.3g} dW"
            for i, x in enumerate(labels)
        )
