"""What every model with noise is."""

import abc
from collections.abc import Mapping, Sequence
from typing import ClassVar

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from nde.data import DataError, Fan, Table
from nde.models.scaling import Scaling, Transform
from nde.models.simulate import simulated
from nde.train import Transitions

_FINE = 32
"""Euler's steps in the usual spacing of times."""
_MOST = 100_000
"""Most steps of a path."""
_MOST_AHEAD = 32
"""Most steps from one measurement to the next."""
_NUMBERS = 2**22
"""How many numbers one simulation may return."""


class AbstractSDEModel(eqx.Module):
    """A stochastic differential equation `dz = drift(z) dt + diffusion(z) dW`, in Itô's sense.

    Each column has a noise of its own. It computes in model time and model states, see `Scaling`; in logarithms or
    roots the equation is one for those, so that Itô's formula is needed to read it as one for the quantities.

    Attributes:
        names: The quantities.
        scaling: Between their units and model states.

    Example:
        ```python
        from nde.models import SDE_MODELS, AbstractSDEModel

        assert all(issubclass(model, AbstractSDEModel) for model in SDE_MODELS.values())
        ```
    """

    key: ClassVar[str]
    coupled: ClassVar[bool]
    most_substeps: ClassVar[int]
    names: eqx.AbstractVar[tuple[str, ...]]
    scaling: eqx.AbstractVar[Scaling]

    @classmethod
    @abc.abstractmethod
    def blank(cls, names: tuple[str, ...], scaling: Scaling, *, key: PRNGKeyArray) -> "AbstractSDEModel":
        """A model that knows nothing yet."""

    @classmethod
    @abc.abstractmethod
    def from_tables(
        cls, tables: Sequence[Table], transform: Transform = "none", *, key: PRNGKeyArray = jax.random.key(0)
    ) -> "AbstractSDEModel":
        """A model made for one or many series, ready to be fitted.

        Args:
            tables: One for each series.
            transform: What the equation is for: the quantities (`none`), their `root` or their `log`.
            key: For random weights.

        Raises:
            DataError: If the model is not for such data.
        """

    @abc.abstractmethod
    def drift(self, z: Float[Array, " columns"]) -> Float[Array, " columns"]:
        """The mean change of the model state in model time."""

    @abc.abstractmethod
    def diffusion(self, z: Float[Array, " columns"]) -> Float[Array, " columns"]:
        """The volatility of the model state in model time."""

    @abc.abstractmethod
    def natural(self) -> dict[str, Array]:
        """The learned numbers in units of the data; none if they mean nothing one by one."""

    @abc.abstractmethod
    def meanings(self) -> dict[str, str]:
        """What they mean."""

    @abc.abstractmethod
    def unidentified(self, errors: Mapping[str, float | None]) -> frozenset[str]:
        """Which learned numbers the data do not tell, by the standard errors of all, in units of the data."""

    @abc.abstractmethod
    def equation(self) -> str:
        """The equation in words and signs, a line for each quantity."""

    def of(self, column: int) -> str:
        """Behind the name of a parameter, whose it is, if there are several quantities."""
        return f" of {self.names[column]}" if len(self.names) > 1 else ""

    def parameters(self) -> dict[str, tuple[float, str]]:
        """Value, in units of the data, and meaning of each learned number that can be told."""
        meanings = self.meanings()
        return {name: (float(value), meanings[name]) for name, value in self.natural().items()}

    def fan(
        self,
        tables: Sequence[Table],
        ts: Sequence[Float[np.ndarray, " times"]],
        *,
        key: PRNGKeyArray,
        paths: int = 2000,
    ) -> list[Fan]:
        """What comes after the last measurement of each series.

        Args:
            tables: One for each series.
            ts: For each as many times, none before its last measurement.
            key: For the noise.
            paths: How many to simulate.

        Raises:
            DataError: If a time is before the last measurement, or so far that its paths have too many steps, or no
                row is complete and the model's columns act on each other.
        """
        lasts = [self._last(table) for table in tables]
        times = [np.asarray(each, np.float64) for each in ts]
        for each, (when, _) in zip(times, lasts, strict=True):
            _check_times(each, float(when.max()) * self.scaling.unit + self.scaling.t0)
        order = [np.argsort(each, kind="stable") for each in times]
        ahead = [self.scaling.time(each[o]) for each, o in zip(times, order, strict=True)]
        starts = np.stack([when for when, _ in lasts])[:, None]
        arrivals = np.repeat(np.stack(ahead)[..., None], starts.shape[-1], axis=2)
        gaps = np.maximum(np.diff(np.concatenate([starts, arrivals], axis=1), axis=1), 0.0)
        drawn = self._simulated(np.stack([z for _, z in lasts]), gaps, key, paths)
        back = [np.argsort(o) for o in order]
        return [Fan.of(t, ys[:, b]) for t, ys, b in zip(times, drawn, back, strict=True)]

    def ahead(self, tables: Sequence[Table], *, key: PRNGKeyArray, paths: int = 1000) -> list[Fan]:
        """At each measurement, what the one before it let expect; nothing at the first.

        Args:
            tables: One for each series.
            key: For the noise.
            paths: How many to simulate from each measurement.
        """
        pairs = [Transitions.of([t], self.scaling, coupled=self.coupled, strict=False) for t in tables]
        gaps = np.concatenate([p.gaps for p in pairs])
        before = np.concatenate([p.before for p in pairs])
        paths = int(np.clip(_NUMBERS // max(1, before.size), 100, paths))
        gaps = np.broadcast_to(gaps[:, None, None], (len(gaps), 1, before.shape[1]))
        drawn = self._simulated(before, gaps, key, paths, _MOST_AHEAD)
        found, first = [], 0
        for table, pair in zip(tables, pairs, strict=True):
            ys = np.full((paths, *table.ys.shape), np.nan)
            for column in range(table.ys.shape[1]):
                meant = np.flatnonzero(pair.known[:, column])
                ys[:, pair.second[meant], column] = drawn[first + meant, :, 0, column].T
            first += len(pair.gaps)
            found.append(Fan.of(table.ts, ys, keep=0))
        return found

    def _last(self, table: Table) -> tuple[Float[np.ndarray, " columns"], Float[np.ndarray, " columns"]]:
        """Model time and model state of the last measurement of each column, or of the last complete row."""
        zs, times = self.scaling.encode(table.ys), self.scaling.time(table.ts)
        known = ~np.isnan(zs)
        if self.coupled:
            known &= known.all(axis=1, keepdims=True)
        for name, there in zip(self.names, known.T, strict=True):
            if not there.any():
                what = "row without a gap" if self.coupled else f"measurement of '{name}'"
                raise DataError(f"A series has no {what}, from which its fan could start; fill in what is known.")
        rows = len(zs) - 1 - np.argmax(known[::-1], axis=0)
        return times[rows], np.take_along_axis(zs, rows[None], axis=0)[0]

    def _simulated(
        self,
        starts: Float[np.ndarray, "batch columns"],
        gaps: Float[np.ndarray, "batch times columns"],
        key: PRNGKeyArray,
        paths: int,
        most: int | None = None,
    ) -> Float[np.ndarray, "batch paths times columns"]:
        """Paths in units of the data."""
        wanted = max(1, int(np.ceil(_FINE * gaps.max())))
        substeps = wanted if most is None else min(wanted, most)
        steps = substeps * gaps.shape[1]
        if steps > _MOST:
            raise DataError(
                f"Got times so far away that a path would have {steps} steps; at most {_MOST} are made. Take times "
                "that are nearer, or fewer of them."
            )
        zs = simulated(self, starts, gaps, key, paths, substeps)
        return np.asarray(self.scaling.decode(zs), np.float64)


def _check_times(ts: Float[np.ndarray, " times"], last: float) -> None:
    if not ts.size or not np.isfinite(ts).all():
        raise DataError("Got no times, or times that are not finite; numbers are wanted.")
    if ts.min() < last - 1e-9 * abs(last):
        raise DataError(f"Got the time {ts.min():g}; a fan starts from the last measurement, at {last:g}.")
