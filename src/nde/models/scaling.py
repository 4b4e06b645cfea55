"""Convert between measurements in their units and the numbers that a model computes with."""

import dataclasses
import itertools
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
    """Conversion between measurements and standardized model times and states.

    Times start at zero, in units of the typical spacing. States are centered and scaled, optionally after a logarithm
    or square root.

    Attributes:
        t0: The first time of the data.
        unit: The typical spacing of its times.
        log: Whether states are logarithms.
        center: The subtracted mean of each (logarithm or square root of a) quantity.
        scale: The scale by which it is then divided.
        root: Whether states are square roots.

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
        """Return the scaling that standardizes a table, with logarithms if all values are positive."""
        log = bool((table.ys[~np.isnan(table.ys)] > 0).all())
        return cls.of_series([table], "log" if log else "none")

    @classmethod
    def of_series(cls, tables: Sequence[Table], transform: Transform = "none") -> "Scaling":
        """Return the scaling that standardizes all series together, or their square roots or logarithms.

        Raises:
            DataError: If a value has no square root or logarithm.
        """
        check_transform(tables, transform)
        blank = cls(0.0, 1.0, transform == "log", (0.0,), (1.0,), transform == "root")
        xs = blank.transform(np.concatenate([t.ys for t in tables]))
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
        """Return the scaling of populations: logarithms, relative to their means.

        Raises:
            DataError: If a value is not positive.
        """
        for name, column in zip(table.names, table.ys.T, strict=True):
            if (column <= 0).any():
                raise DataError(
                    f"Column '{name}' has values that are not positive, but populations must be. Leave missing values "
                    "empty, or use the model neural-trajectory."
                )
        standard = cls.of(table)
        return dataclasses.replace(standard, scale=(1.0,) * len(table.names))

    def time(self, ts: Float[np.ndarray, " times"]) -> Float[np.ndarray, " times"]:
        """Convert times to model time."""
        return (np.asarray(ts, np.float64) - self.t0) / self.unit

    def transform(self, ys: Float[np.ndarray, "times columns"]) -> Float[np.ndarray, "times columns"]:
        """Take logarithms or square roots, if states are such."""
        return np.log(ys) if self.log else np.sqrt(ys) if self.root else np.asarray(ys)

    def encode(self, ys: Float[np.ndarray, "times columns"]) -> Float[np.ndarray, "times columns"]:
        """Convert measurements to model states."""
        return (self.transform(ys) - np.array(self.center)) / np.array(self.scale)

    def decode(self, zs: Float[Array | np.ndarray, "*times columns"]) -> Float[Array, "*times columns"]:
        """Convert model states to measurements. Negative square roots are set to zero."""
        scale, center = (as_last_axes(jnp.asarray(x), zs) for x in (self.scale, self.center))
        xs = zs * scale + center
        return jnp.exp(xs) if self.log else jnp.maximum(xs, 0.0) ** 2 if self.root else jnp.asarray(xs)

    def log_slope(self, ys: Float[np.ndarray, "times columns"]) -> Float[np.ndarray, "times columns"]:
        """Return the log of the derivative of model states with respect to measurements, or to their square roots.

        Adding it to a log-density of model states gives the log-density of measurements.
        """
        return -np.log(np.array(self.scale)) - (np.log(ys) if self.log else np.zeros_like(ys))

    def label(self, name: str) -> str:
        """Return the name of a quantity, or of its logarithm or square root."""
        return f"log {name}" if self.log else f"sqrt {name}" if self.root else name


def check_transform(tables: Sequence[Table], transform: Transform) -> None:
    """Check that all measurements have a square root or logarithm.

    Raises:
        DataError: If one does not.
    """
    for name, column in zip(tables[0].names, np.concatenate([t.ys for t in tables]).T, strict=True):
        if transform == "log" and (column <= 0).any():
            raise DataError(
                f"Column '{name}' has values that are not positive, which have no logarithm. Use the transformation "
                "root or none, or another model."
            )
        if transform == "root" and (column < 0).any():
            raise DataError(f"Column '{name}' has negative values, which have no square root. Use no transformation.")


def free_symbol(names: Sequence[str], symbols: Sequence[str] = "zuvxyw") -> str:
    """A symbol for an equation that no quantity has.

    Args:
        names: The quantities.
        symbols: The symbols to choose from, the first that is free; if all are taken, the first with a number.
    """
    numbered = (f"{symbols[0]}{number}" for number in itertools.count(1))
    return next(symbol for symbol in itertools.chain(symbols, numbered) if symbol not in names)


def _row(values: Float[np.ndarray, " columns"]) -> Row:
    return tuple(float(v) for v in values)
