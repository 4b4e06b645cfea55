"""Between measurements in their units and the numbers that a model computes with."""

import dataclasses
from collections.abc import Sequence
from typing import Literal

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from nde.core.axes import as_last_axes
from nde.data import DataError, Table

Row = tuple[float, ...]
Transform = Literal["none", "root", "log"]


@dataclasses.dataclass(frozen=True)
class Scaling:
    """Times from zero in units of the usual spacing; states centered, scaled, and perhaps logarithms or roots.

    Attributes:
        t0: The first time of the data.
        unit: The usual spacing of its times.
        log: Whether states are taken as logarithms.
        center: What is subtracted from each (logarithm or root of a) state.
        scale: What it is divided by then.
        root: Whether states are taken as square roots.

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
    root: bool = False

    @classmethod
    def of(cls, table: Table) -> "Scaling":
        """The scaling that standardizes a table."""
        log = bool((table.ys[~np.isnan(table.ys)] > 0).all())
        return cls.of_series([table], "log" if log else "none")

    @classmethod
    def of_series(cls, tables: Sequence[Table], transform: Transform = "none") -> "Scaling":
        """The scaling that standardizes one or many series together, or their roots or logarithms.

        Raises:
            DataError: If a value has no root or logarithm.
        """
        check_transform(tables, transform)
        blank = cls(0.0, 1.0, transform == "log", (0.0,), (1.0,), transform == "root")
        xs = blank.transformed(np.concatenate([t.ys for t in tables]))
        spread = np.nanstd(xs, axis=0)
        return dataclasses.replace(
            blank,
            t0=min(float(t.ts[0]) for t in tables),
            unit=float(np.median(np.concatenate([np.diff(t.ts) for t in tables]))),
            center=_row(np.nanmean(xs, axis=0)),
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
                    "take the model neural-trajectory."
                )
        standard = cls.of(table)
        return dataclasses.replace(standard, scale=(1.0,) * len(table.names))

    def time(self, ts: Float[np.ndarray, " times"]) -> Float[np.ndarray, " times"]:
        """Model time of times in the data's unit."""
        return (np.asarray(ts, np.float64) - self.t0) / self.unit

    def transformed(self, ys: Float[np.ndarray, "times columns"]) -> Float[np.ndarray, "times columns"]:
        """Measurements, or their logarithms or roots."""
        return np.log(ys) if self.log else np.sqrt(ys) if self.root else np.asarray(ys)

    def encode(self, ys: Float[np.ndarray, "times columns"]) -> Float[np.ndarray, "times columns"]:
        """Model states of measurements."""
        return (self.transformed(ys) - np.array(self.center)) / np.array(self.scale)

    def decode(self, zs: Float[Array | np.ndarray, "*times columns"]) -> Float[Array, "*times columns"]:
        """Measurements of model states; a root below zero is taken as zero."""
        scale, center = (as_last_axes(jnp.asarray(x), zs) for x in (self.scale, self.center))
        xs = zs * scale + center
        return jnp.exp(xs) if self.log else jnp.maximum(xs, 0.0) ** 2 if self.root else jnp.asarray(xs)

    def log_slope(self, ys: Float[np.ndarray, "times columns"]) -> Float[np.ndarray, "times columns"]:
        """The logarithm of the derivative of model states by measurements, or by their roots if it takes roots.

        With it densities of model states become such of what was measured.
        """
        return -np.log(np.array(self.scale)) - (np.log(ys) if self.log else np.zeros_like(ys))

    def label(self, name: str) -> str:
        """What a state is before it is centered and scaled: a quantity, or its logarithm or root."""
        return f"log {name}" if self.log else f"sqrt {name}" if self.root else name


def check_transform(tables: Sequence[Table], transform: Transform) -> None:
    """Refuses measurements that have no root or logarithm.

    Raises:
        DataError: If there is one.
    """
    for name, column in zip(tables[0].names, np.concatenate([t.ys for t in tables]).T, strict=True):
        if transform == "log" and (column <= 0).any():
            raise DataError(
                f"Column '{name}' has values that are not positive, and they have no logarithm; take the "
                "transformation root or none, or another model."
            )
        if transform == "root" and (column < 0).any():
            raise DataError(f"Column '{name}' has negative values, and they have no root; take no transformation.")


def _row(values: Float[np.ndarray, " columns"]) -> Row:
    return tuple(float(v) for v in values)
