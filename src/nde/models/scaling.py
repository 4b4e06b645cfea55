"""Between measurements in their units and the numbers that a model computes with."""

import dataclasses

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from nde.data import DataError, Table

Row = tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class Scaling:
    """Times from zero in units of the usual spacing; states centered, scaled, and logarithmic if they are positive.

    Attributes:
        t0: The first time of the data.
        unit: The usual spacing of its times.
        log: Whether states are taken as logarithms.
        center: What is subtracted from each (logarithm of a) state.
        scale: What it is divided by then.

    Example:
        ```python
        from nde.data import load_lynx_hare
        from nde.models import Scaling

        table = load_lynx_hare()
        scaling = Scaling.of(table)
        print(scaling.decode(scaling.encode(table.ys))[0])
        ```
    """

    t0: float
    unit: float
    log: bool
    center: Row
    scale: Row

    @classmethod
    def of(cls, table: Table) -> "Scaling":
        """The scaling that standardizes a table."""
        log = bool((table.ys[~np.isnan(table.ys)] > 0).all())
        ys = np.log(table.ys) if log else table.ys
        spread = np.nanstd(ys, axis=0)
        return cls(
            t0=float(table.ts[0]),
            unit=float(np.median(np.diff(table.ts))),
            log=log,
            center=_row(np.nanmean(ys, axis=0)),
            scale=_row(np.where(spread > 0, spread, 1.0)),
        )

    @classmethod
    def of_populations(cls, table: Table) -> "Scaling":
        """The scaling of populations: logarithms, each relative to its mean.

        Raises:
            DataError: If a value is not positive.
        """
        for name, column in zip(table.names, table.ys.T, strict=True):
            if (column <= 0).any():
                raise DataError(
                    f"Column '{name}' has values that are not positive, which populations are; leave gaps empty, or "
                    "take the model neural-ode."
                )
        standard = cls.of(table)
        return dataclasses.replace(standard, scale=(1.0,) * len(table.names))

    def time(self, ts: Float[np.ndarray, " times"]) -> Float[np.ndarray, " times"]:
        """Model time of times in the data's unit."""
        return (np.asarray(ts, np.float64) - self.t0) / self.unit

    def encode(self, ys: Float[np.ndarray, "times columns"]) -> Float[np.ndarray, "times columns"]:
        """Model states of measurements."""
        return ((np.log(ys) if self.log else np.asarray(ys)) - np.array(self.center)) / np.array(self.scale)

    def decode(self, zs: Float[Array | np.ndarray, "times columns"]) -> Float[Array, "times columns"]:
        """Measurements of model states."""
        ys = zs * jnp.asarray(self.scale) + jnp.asarray(self.center)
        return jnp.exp(ys) if self.log else jnp.asarray(ys)


def _row(values: Float[np.ndarray, " columns"]) -> Row:
    return tuple(float(v) for v in values)
