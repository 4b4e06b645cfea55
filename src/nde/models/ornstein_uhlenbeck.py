"""Ornstein-Uhlenbeck processes."""

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

_MIN_RATE = 0.02
_UNIDENTIFIED = 0.5
"""The standard error of a rate, times the typical spacing, above which the rate is not identified."""


class OrnsteinUhlenbeck(AbstractSDEModel):
    """An Ornstein-Uhlenbeck process of each quantity: `dx = rate (mean - x) dt + volatility dW`.

    It can also model the square roots or logarithms of the quantities.

    Attributes:
        log_rate: The logarithms of the mean-reversion rates, in model time.
        mean: The long-run means, in model states.
        log_volatility: The logarithms of the volatilities, in model states and model time.

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
        """Return a model with unit rates and volatilities."""
        del key
        zeros = jnp.zeros(len(names))
        return cls(names=names, scaling=scaling, log_rate=zeros, mean=zeros, log_volatility=zeros)

    @classmethod
    def from_tables(
        cls, tables: Sequence[Table], transform: Transform = "none", *, key: PRNGKeyArray = jax.random.key(0)
    ) -> "OrnsteinUhlenbeck":
        """Create a model with rates and volatilities from a regression of each change on the state.

        Args:
            tables: One table for each series.
            transform: Whether to model the quantities themselves (`none`), their square roots (`root`) or their
                logarithms (`log`).
            key: Unused.

        Raises:
            DataError: If a value has no square root or logarithm.
        """
        scaling = Scaling.of_series(tables, transform)
        pairs = Transitions.of(tables, scaling, coupled=cls.coupled)
        blank = cls.blank(tables[0].names, scaling, key=key)
        rates, volatilities = np.maximum(pairs.rates(), _MIN_RATE), pairs.volatilities()
        logs = tuple(jnp.asarray(np.log(each), float) for each in (rates, volatilities))
        return eqx.tree_at(lambda m: (m.log_rate, m.log_volatility), blank, logs)

    def drift(self, z: Float[Array, " columns"]) -> Float[Array, " columns"]:
        """Return the mean-reverting drift."""
        return jnp.exp(self.log_rate) * (self.mean - z)

    def diffusion(self, z: Float[Array, " columns"]) -> Float[Array, " columns"]:
        """Return the diffusion, which is constant."""
        del z
        return jnp.exp(self.log_volatility)

    def natural(self) -> dict[str, Array]:
        """Return the rate, mean and volatility of each quantity."""
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
        """Return the meaning and unit of each parameter."""
        meanings = {}
        for i, name in enumerate(self.names):
            label = self.scaling.label(name)
            meanings[f"rate{self.of(i)}"] = f"rate at which {label} returns to its mean, per unit of time"
            meanings[f"mean{self.of(i)}"] = f"long-term mean of {label}, in the units of {label}"
            meanings[f"volatility{self.of(i)}"] = f"noise of {label}, in the units of {label} per square root of time"
        return meanings

    def unidentified(self, errors: Mapping[str, float | None]) -> frozenset[str]:
        """Return the rate and volatility of each quantity whose consecutive values are not clearly correlated.

        The correlation is `exp(-rate gap)`, and its standard error is the correlation times `gap` times that of the
        rate. If zero is within two standard errors, the rate could be arbitrarily large, and only `volatility^2 / rate`
        is known.
        """
        found = set()
        for i in range(len(self.names)):
            error = errors.get(f"rate{self.of(i)}")
            if error is not None and error * self.scaling.unit > _UNIDENTIFIED:
                found |= {f"rate{self.of(i)}", f"volatility{self.of(i)}"}
        return frozenset(found)

    def equation(self) -> str:
        """Return the equation with the fitted parameters."""
        n = {name: value for name, (value, _) in self.parameters().items()}
        labels = [self.scaling.label(name) for name in self.names]
        return "\n".join(
            f"d {x} = {n['rate' + self.of(i)]:.3g} ({n['mean' + self.of(i)]:.3g} - {x}) dt "
            f"+ {n['volatility' + self.of(i)]:.3g} dW"
            for i, x in enumerate(labels)
        )
