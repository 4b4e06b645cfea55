"""Which member of an ensemble leaves out which series, so that each series is predicted by one that did not see it."""

import dataclasses

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from nde.data.panel.shuffle import shuffled

FOLDS = 5
"""Parts that series are divided into, or more if there are more members."""
_FEW, _DIVISIONS = 64, 3
"""So few series are divided so many times for plain methods."""
Splits = list[tuple[Int[np.ndarray, " _"], Int[np.ndarray, " _"]]]


@dataclasses.dataclass(frozen=True, eq=False)
class Folds:
    """A division of the training series, stratified by their targets.

    Member `m` of an ensemble is not trained on fold `m`. So all series are trained on, and all that are in the fold of
    a member are validation series, too.

    Attributes:
        of_series: The fold of each series; -1 for one that all members are trained on.
        members: The number of members.
    """

    of_series: Int[np.ndarray, " series"]
    members: int

    @classmethod
    def stratified(cls, targets: np.ndarray, members: int, seed: int) -> "Folds":
        """Divide series at random, so that all folds have about the same targets.

        Args:
            targets: The target of each series, or several; the first counts.
            members: The number of members.
            seed: The seed of the division.
        """
        first = targets.reshape(len(targets), -1)[:, 0]
        folds = min(max(members, FOLDS), len(first))
        order = np.lexsort((shuffled(len(first), seed, 3), first))
        blocks = [shuffled(folds, seed, 4, start) for start in range(0, len(first), folds)]
        of_series = np.empty(len(first), np.int64)
        of_series[order] = np.concatenate(blocks)[: len(first)]
        return cls(of_series, members)

    @classmethod
    def none(cls, series: int, members: int) -> "Folds":
        """All members are trained on all series."""
        return cls(np.full(series, -1), members)

    @property
    def held(self) -> Bool[np.ndarray, " series"]:
        """Which series some member is not trained on."""
        return (self.of_series >= 0) & (self.of_series < self.members)

    def training(self) -> Float[Array, "members series"]:
        """One where a member is trained on a series, else zero."""
        return jnp.asarray(self.of_series[None] != np.arange(self.members)[:, None], float)

    def splits(self) -> Splits:
        """The series to fit to, and those to predict, for each fold of a member that is not empty."""
        folds = np.unique(self.of_series[self.held])
        return [(np.flatnonzero(self.of_series != fold), np.flatnonzero(self.of_series == fold)) for fold in folds]

    def repeated_splits(self, targets: np.ndarray, seed: int) -> Splits:
        """The splits and, for few series, those of other divisions, which predict the same series once more.

        How plain methods predict few series depends on their division. A network cannot be fitted to several.

        Args:
            targets: The targets of the series.
            seed: The seed of this division.
        """
        divisions = [self]
        if len(targets) <= _FEW and self.held.all():
            divisions += [Folds.stratified(targets, self.members, seed + more) for more in range(1, _DIVISIONS)]
        return [split for division in divisions for split in division.splits()]
