"""Pairs of consecutive measurements, the data of likelihood fits."""

import math
from collections.abc import Sequence

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Bool, Float, Int

from nde.data import DataError, Table
from nde.train.protocol import Encoding

_BIAS = 0.2
"""The bias of Euler's method that is accepted, in standard errors."""


class Transitions(eqx.Module):
    """Pairs of consecutive measurements as model states. Pairs of several series are concatenated.

    Attributes:
        gaps: The model time between the two measurements, of shape `(pairs,)`.
        before: The model states at the first time, of shape `(pairs, columns)`, with zeros for unknown values.
        after: The model states at the second time.
        known: Which columns a pair covers.
        order: The position of a pair within its series, from 0 to 1.
        second: The row of the second measurement in its table.

    Example:
        ```python
        from nde.data import load_lynx_hare
        from nde.models import Scaling
        from nde.train import Transitions

        table = load_lynx_hare()
        print(Transitions.of([table], Scaling.of(table), coupled=False).gaps)
        ```
    """

    gaps: Float[np.ndarray, " pairs"]
    before: Float[np.ndarray, "pairs columns"]
    after: Float[np.ndarray, "pairs columns"]
    known: Bool[np.ndarray, "pairs columns"]
    order: Float[np.ndarray, " pairs"]
    second: Int[np.ndarray, " pairs"]

    @classmethod
    def of(cls, tables: Sequence[Table], scaling: Encoding, *, coupled: bool, strict: bool = True) -> "Transitions":
        """Collect all pairs of one or more tables.

        Args:
            tables: One table for each series. No pair crosses from one to the next.
            scaling: The conversion to model time and states.
            coupled: Whether the columns of the model depend on each other. Then only complete rows count; otherwise
                each column pairs its own consecutive measurements.
            strict: Whether a column without a pair is an error.

        Raises:
            DataError: If a column has no pair, or never changes.
        """
        transitions = cls.joined([cls(*_pairs(scaling.time(t.ts), scaling.encode(t.ys), coupled)) for t in tables])
        if strict:
            transitions.check(tables[0].names, coupled)
        return transitions

    @classmethod
    def joined(cls, parts: Sequence["Transitions"]) -> "Transitions":
        """Concatenate transitions."""
        return jax.tree.map(lambda *arrays: np.concatenate(arrays), *parts)

    def check(self, names: Sequence[str], coupled: bool) -> None:
        """Check that there is something to learn from.

        Raises:
            DataError: If a column has no pair, or never changes.
        """
        for name, known, change in zip(names, self.known.T, (self.after - self.before).T, strict=True):
            if not known.any():
                what = "complete rows" if coupled else f"measurements of '{name}'"
                raise DataError(
                    f"At least one series must have two {what}; got none, so there is no change to learn from. Add "
                    "measurements, or drop the column with missing values."
                )
            if not change[known].any():
                raise DataError(f"Column '{name}' does not change, so there is no noise to learn. Drop the column.")

    @property
    def values(self) -> int:
        """The number of observed changes of a single quantity."""
        return int(self.known.sum())

    def substeps(self, most: int = 64) -> int:
        """Choose the number of Euler steps per gap, the same for all gaps.

        A step of length `h` biases a mean-reversion rate by the relative error `rate h / 2`. From data of length `T`
        the rate can be known up to the relative error `sqrt(2 / (rate T))`. The steps are chosen so that the first is a
        fifth of the second, where the rate is that of a regression of each change on the state.

        Args:
            most: The maximum.
        """
        rate = float(np.max(self.rates()))
        if rate <= 0:
            return 1
        typical_gap = float(np.sum(self.gaps**2) / np.sum(self.gaps))
        longest = _BIAS * 2 / rate * math.sqrt(2 / (rate * float(np.sum(self.gaps))))
        return int(np.clip(math.ceil(typical_gap / longest), 1, most))

    def rates(self) -> Float[np.ndarray, " columns"]:
        """Estimate the mean-reversion rate of each column from the correlation of neighboring values.

        The rate of a column that does not revert is zero.
        """
        typical_gap = np.median(self.gaps)
        rates = []
        for before, after, known in zip(self.before.T, self.after.T, self.known.T, strict=True):
            x = before[known] - before[known].mean()
            y = after[known] - before[known].mean()
            slope = np.sum(x * y) / max(float(np.sum(x * x)), 1e-12)
            rates.append(-np.log(np.clip(slope, 0.05, 1.0)) / typical_gap)
        return np.array(rates)

    def volatilities(self) -> Float[np.ndarray, " columns"]:
        """Estimate the volatility of each column as that of a random walk."""
        squares = (self.after - self.before) ** 2 / self.gaps[:, None]
        means = np.sum(squares * self.known, axis=0) / np.sum(self.known, axis=0)
        return np.sqrt(means)


def _pairs(
    ts: Float[np.ndarray, " rows"], zs: Float[np.ndarray, "rows columns"], coupled: bool
) -> tuple[np.ndarray, ...]:
    """Return the fields of the transitions of one series."""
    known = ~np.isnan(zs)
    if coupled:
        known = np.broadcast_to(known.all(axis=1, keepdims=True), known.shape)
    columns_of: dict[tuple[int, int], list[int]] = {}
    for column, known_rows in enumerate(known.T):
        rows = np.flatnonzero(known_rows)
        for pair in zip(rows[:-1].tolist(), rows[1:].tolist(), strict=True):
            columns_of.setdefault(pair, []).append(column)
    first, second = np.array(sorted(columns_of), int).reshape(-1, 2).T
    paired = np.zeros((len(first), zs.shape[1]), bool)
    for i, pair in enumerate(sorted(columns_of)):
        paired[i, columns_of[pair]] = True
    before, after = (np.where(paired, zs[rows], 0.0) for rows in (first, second))
    return ts[second] - ts[first], before, after, paired, second / len(ts), second
