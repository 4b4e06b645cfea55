"""The Lotka-Volterra model of predators and prey."""

from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from nde.data import DataError, Table
from nde.models.base import AbstractODEModel, initial_state
from nde.models.scaling import Scaling

_LEAST_RATE = 1e-3


class LotkaVolterra(AbstractODEModel):
    """The Lotka-Volterra equations of prey and predators, with learned rates.

    The equations are `x' = a x - b x y` for prey `x` and `y' = -c y + d x y` for predators `y`.

    Attributes:
        log_rates: The logarithms of `(a, b, c, d)` in model units.

    Source: Lotka, *Analytical note on certain rhythmic relations in organic systems* (1920), doi:10.1073/pnas.6.7.410.

    Example:
        ```python
        import jax
        from nde.data import load_lynx_hare
        from nde.models import LotkaVolterra

        model = LotkaVolterra.from_table(load_lynx_hare(), key=jax.random.key(0))
        print(model.equation())
        ```
    """

    key: ClassVar[str] = "lotka-volterra"
    names: tuple[str, ...] = eqx.field(static=True)
    scaling: Scaling = eqx.field(static=True)
    start: Float[Array, " columns"]
    log_rates: Float[Array, " 4"]

    @classmethod
    def blank(cls, names: tuple[str, ...], scaling: Scaling, *, key: PRNGKeyArray) -> "LotkaVolterra":
        """Return a model with unit rates."""
        del key
        return cls(names=names, scaling=scaling, start=jnp.zeros(2), log_rates=jnp.zeros(4))

    @classmethod
    def from_table(cls, table: Table, *, key: PRNGKeyArray) -> "LotkaVolterra":
        """Create a model for a table, with rates from a regression of each quantity's growth on the other.

        Args:
            table: Prey and predators, in this order.
            key: Unused.

        Raises:
            DataError: If there are not exactly two columns, or values are not positive.
        """
        check_two_columns(table, cls.key)
        scaling = Scaling.of_populations(table)
        model = cls.blank(table.names, scaling, key=key)
        start, rates = initial_state(scaling, table), _regression_rates(scaling, table)
        return eqx.tree_at(lambda m: (m.start, m.log_rates), model, (start, jnp.log(rates)))

    def vector_field(self, t: Array, z: Float[Array, " columns"], args: Any = None) -> Float[Array, " columns"]:
        """Return the relative growth of prey and predators."""
        del t, args
        a, b, c, d = jnp.exp(self.log_rates)
        return jnp.stack([a - b * jnp.exp(z[1]), d * jnp.exp(z[0]) - c])

    def penalty(self, zs: Float[Array, "times columns"]) -> Float[Array, ""]:
        """Return zero."""
        del zs
        return jnp.zeros(())

    def parameters(self) -> dict[str, tuple[float, str]]:
        """Return the four rates and the initial state, in units of the data."""
        prey, predator = self.names
        x, y = (float(np.exp(c)) for c in self.scaling.center)
        a, b, c, d = (float(r) / self.scaling.unit for r in np.exp(np.asarray(self.log_rates, np.float64)))
        x0, y0 = np.asarray(self.scaling.decode(self.start[None])[0])
        return {
            "a": (a, f"growth rate of {prey} without {predator}, per unit of time"),
            "b": (b / y, f"loss rate of {prey} for each unit of {predator}"),
            "c": (c, f"loss rate of {predator} without {prey}, per unit of time"),
            "d": (d / x, f"growth rate of {predator} for each unit of {prey}"),
            f"{prey} at start": (float(x0), f"{prey} at the first time"),
            f"{predator} at start": (float(y0), f"{predator} at the first time"),
        }

    def equation(self) -> str:
        """Return the equation with the fitted rates."""
        prey, predator = self.names
        a, b, c, d = (self.parameters()[name][0] for name in "abcd")
        return (
            f"d {prey} / dt = {a:.3g} {prey} - {b:.3g} {prey} {predator}\n"
            f"d {predator} / dt = -{c:.3g} {predator} + {d:.3g} {prey} {predator}"
        )


def check_two_columns(table: Table, model: str) -> None:
    """Check that a table has two columns: prey and predators.

    Raises:
        DataError: If it does not.
    """
    if len(table.names) != 2:
        raise DataError(
            f"The model {model} is for two states, prey and predators in this order; got {len(table.names)} "
            f"({', '.join(table.names)}). Use the model neural-trajectory instead."
        )


def _regression_rates(scaling: Scaling, table: Table) -> Float[Array, " 4"]:
    """Estimate the four rates in model units. Each is at least a small positive number."""
    zs, times = scaling.encode(table.ys), scaling.time(table.ts)
    known = ~np.isnan(zs).any(axis=1)
    zs, times = zs[known], times[known]
    if len(times) < 3:
        return jnp.ones(4)
    growth, sizes = np.gradient(zs, times, axis=0), np.exp(zs)
    ones = np.ones(len(times))
    a, b = np.linalg.lstsq(np.stack([ones, -sizes[:, 1]], axis=1), growth[:, 0])[0]
    c, d = np.linalg.lstsq(np.stack([-ones, sizes[:, 0]], axis=1), growth[:, 1])[0]
    return jnp.asarray(np.maximum([a, b, c, d], _LEAST_RATE), float)
