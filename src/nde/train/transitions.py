"""From tables to pairs of measurements, one after the other."""

import math
from collections.abc import Sequence

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Bool, Float, Int

from nde.data import DataError, Table
from nde.train.protocol import Encoding

_BIAS = 0.2
"""The bias by Euler's steps that is allowed, in standard errors."""


class Transitions(eqx.Module):
    """Pairs of measurements of one series, one after the other, as model states; many series lie in one heap.

    Attributes:
        gaps: Model time between the two, of shape `(pairs,)`.
        before: The states at the first of the two times, of shape `(pairs, columns)`; zero where not known.
        after: The same at the second.
        known: Which columns a pair is of.
        order: How far along its series a pair is, from 0 to 1.
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
        """All pairs of tables.

        Args:
            tables: One for each series; no pair crosses from one to the next.
            scaling: To model time and states.
            coupled: Whether a model's columns act on each other. Then only rows without a gap count; otherwise each
                column goes from one of its own measurements to the next.
            strict: Whether a column without a pair is refused.

        Raises:
            DataError: If a column has no pair, or never changes.
        """
        made = cls.joined([cls(*_pairs(scaling.time(t.ts), scaling.encode(t.ys), coupled)) for t in tables])
        if strict:
            made.check(tables[0].names, coupled)
        return made

    @classmethod
    def joined(cls, parts: Sequence["Transitions"]) -> "Transitions":
        """All in one heap."""
        return jax.tree.map(lambda *arrays: np.concatenate(arrays), *parts)

    def check(self, names: Sequence[str], coupled: bool) -> None:
        """Refuses to learn from nothing.

        Raises:
            DataError: If a column has no pair, or never changes.
        """
        for name, known, change in zip(names, self.known.T, (self.after - self.before).T, strict=True):
            if not known.any():
                where = "rows without a gap" if coupled else f"measurements of '{name}'"
                raise DataError(
                    f"No series has two {where}, so there is no change to learn from; add measurements, or drop the "
                    "column with the gaps."
                )
            if not change[known].any():
                raise DataError(f"Column '{name}' does not change, so there is no noise to learn; drop it.")

    @property
    def values(self) -> int:
        """How many changes of one quantity there are."""
        return int(self.known.sum())

    def substeps(self, most: int = 64) -> int:
        """Into how many steps of Euler's method a gap should be divided, the same for all.

        A step of length `h` makes a rate of return wrong by the share `rate h / 2`; the rate can be known to the share
        `sqrt(2 / (rate T))` from data of length `T`. The steps are so short that the first is a fifth of the second.
        The rate is that of a regression of each change on the state.

        Args:
            most: No more than this.
        """
        rate = float(np.max(self.rates()))
        if rate <= 0:
            return 1
        usual = float(np.sum(self.gaps**2) / np.sum(self.gaps))
        longest = _BIAS * 2 / rate * math.sqrt(2 / (rate * float(np.sum(self.gaps))))
        return int(np.clip(math.ceil(usual / longest), 1, most))

    def rates(self) -> Float[np.ndarray, " columns"]:
        """How fast each column returns to its mean, by the correlation of neighbours; zero if it does not."""
        usual = np.median(self.gaps)
        rates = []
        for before, after, known in zip(self.before.T, self.after.T, self.known.T, strict=True):
            x = before[known] - before[known].mean()
            y = after[known] - before[known].mean()
            slope = np.sum(x * y) / max(float(np.sum(x * x)), 1e-12)
            rates.append(-np.log(np.clip(slope, 0.05, 1.0)) / usual)
        return np.array(rates)

    def volatilities(self) -> Float[np.ndarray, " columns"]:
        """The volatility of each column, were it a random walk."""
        squares = (self.after - self.before) ** 2 / self.gaps[:, None]
        means = np.sum(squares * self.known, axis=0) / np.sum(self.known, axis=0)
        return np.sqrt(means)


def _pairs(
    ts: Float[np.ndarray, " rows"], zs: Float[np.ndarray, "rows columns"], coupled: bool
) -> tuple[np.ndarray, ...]:
    """What transitions hold, of one series."""
    known = ~np.isnan(zs)
    if coupled:
        known = np.broadcast_to(known.all(axis=1, keepdims=True), known.shape)
    columns_of: dict[tuple[int, int], list[int]] = {}
    for column, there in enumerate(known.T):
        rows = np.flatnonzero(there)
        for pair in zip(rows[:-1].tolist(), rows[1:].tolist(), strict=True):
            columns_of.setdefault(pair, []).append(column)
    first, second = np.array(sorted(columns_of), int).reshape(-1, 2).T
    meant = np.zeros((len(first), zs.shape[1]), bool)
    for i, pair in enumerate(sorted(columns_of)):
        meant[i, columns_of[pair]] = True
    before, after = (np.where(meant, zs[rows], 0.0) for rows in (first, second))
    return ts[second] - ts[first], before, after, meant, second / len(ts), second
