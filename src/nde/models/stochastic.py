"""The base class of SDE models of tables."""

import abc
from collections.abc import Mapping, Sequence
from typing import ClassVar

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from nde.data import DataError, Fan, Table
from nde.models.scaling import Scaling, Transform
from nde.models.simulate import simulate_paths
from nde.train import Transitions

_STEPS_PER_UNIT = 32
"""Euler steps per typical spacing of times."""
_MAX_STEPS = 100_000
"""The maximum number of steps of a path."""
_MAX_STEPS_AHEAD = 32
"""The maximum number of steps from one measurement to the next."""
_MAX_VALUES = 2**22
"""The maximum number of values that one simulation returns."""


class AbstractSDEModel(eqx.Module):
    """Base class of SDE models of tables: the Itô SDE `dz = drift(z) dt + diffusion(z) dW` with diagonal noise.

    A model computes with model times and model states, see `Scaling`. If states are logarithms or square roots, the SDE
    is one of those; use Itô's formula to read it as one of the quantities.

    Attributes:
        names: The names of the quantities.
        scaling: The conversion between their units and model states.

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
        """Return an untrained model with default parameters."""

    @classmethod
    @abc.abstractmethod
    def from_tables(
        cls, tables: Sequence[Table], transform: Transform = "none", *, key: PRNGKeyArray = jax.random.key(0)
    ) -> "AbstractSDEModel":
        """Create a model for one or more series, ready to be fitted.

        Args:
            tables: One table for each series.
            transform: Whether to model the quantities themselves (`none`), their square roots (`root`) or their
                logarithms (`log`).
            key: A key of `jax.random` for the weights.

        Raises:
            DataError: If the model does not suit the data.
        """

    @abc.abstractmethod
    def drift(self, z: Float[Array, " columns"]) -> Float[Array, " columns"]:
        """Return the drift of the model state in model time."""

    @abc.abstractmethod
    def diffusion(self, z: Float[Array, " columns"]) -> Float[Array, " columns"]:
        """Return the diffusion of the model state in model time."""

    @abc.abstractmethod
    def natural(self) -> dict[str, Array]:
        """Return the parameters in units of the data; empty if they are not interpretable one by one."""

    @abc.abstractmethod
    def meanings(self) -> dict[str, str]:
        """Return the meaning of each parameter."""

    @abc.abstractmethod
    def unidentified(self, errors: Mapping[str, float | None]) -> frozenset[str]:
        """Return the names of the parameters that the data do not identify, judging by their standard errors."""

    @abc.abstractmethod
    def equation(self) -> str:
        """Return the SDE as text, with a line for each quantity."""

    def of(self, column: int) -> str:
        """Return a suffix for the name of a column's parameter, if there are several columns."""
        return f" of {self.names[column]}" if len(self.names) > 1 else ""

    def parameters(self) -> dict[str, tuple[float, str]]:
        """Return the value, in units of the data, and the meaning of each interpretable parameter."""
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
        """Forecast the distribution of each series after its last measurement, by simulation.

        Args:
            tables: One table for each series.
            ts: The times for each table, the same number for each, none before its last measurement.
            key: A key of `jax.random` for the noise.
            paths: The number of paths to simulate.

        Raises:
            DataError: If a time precedes the last measurement or is so far away that paths have too many steps, or if
                the columns are coupled and no row is complete.
        """
        lasts = [self._last(table) for table in tables]
        times = [np.asarray(each, np.float64) for each in ts]
        for each, (time, _) in zip(times, lasts, strict=True):
            _check_times(each, float(time.max()) * self.scaling.unit + self.scaling.t0)
        order = [np.argsort(each, kind="stable") for each in times]
        ahead = [self.scaling.time(each[o]) for each, o in zip(times, order, strict=True)]
        starts = np.stack([time for time, _ in lasts])[:, None]
        arrivals = np.repeat(np.stack(ahead)[..., None], starts.shape[-1], axis=2)
        gaps = np.maximum(np.diff(np.concatenate([starts, arrivals], axis=1), axis=1), 0.0)
        samples = self._simulate(np.stack([z for _, z in lasts]), gaps, key, paths)
        inverse = [np.argsort(o) for o in order]
        return [Fan.of(t, ys[:, i]) for t, ys, i in zip(times, samples, inverse, strict=True)]

    def ahead(self, tables: Sequence[Table], *, key: PRNGKeyArray, paths: int = 1000) -> list[Fan]:
        """Forecast the distribution of each measurement given the one before it. The first has no forecast.

        Args:
            tables: One table for each series.
            key: A key of `jax.random` for the noise.
            paths: The number of paths to simulate from each measurement.
        """
        pairs = [Transitions.of([t], self.scaling, coupled=self.coupled, strict=False) for t in tables]
        gaps = np.concatenate([p.gaps for p in pairs])
        before = np.concatenate([p.before for p in pairs])
        paths = int(np.clip(_MAX_VALUES // max(1, before.size), 100, paths))
        gaps = np.broadcast_to(gaps[:, None, None], (len(gaps), 1, before.shape[1]))
        samples = self._simulate(before, gaps, key, paths, _MAX_STEPS_AHEAD)
        fans, first = [], 0
        for table, pair in zip(tables, pairs, strict=True):
            ys = np.full((paths, *table.ys.shape), np.nan)
            for column in range(table.ys.shape[1]):
                known = np.flatnonzero(pair.known[:, column])
                ys[:, pair.second[known], column] = samples[first + known, :, 0, column].T
            first += len(pair.gaps)
            fans.append(Fan.of(table.ts, ys, keep=0))
        return fans

    def _last(self, table: Table) -> tuple[Float[np.ndarray, " columns"], Float[np.ndarray, " columns"]]:
        """Return the model time and state of each column's last measurement; if coupled, of the last complete row."""
        zs, times = self.scaling.encode(table.ys), self.scaling.time(table.ts)
        known = ~np.isnan(zs)
        if self.coupled:
            known &= known.all(axis=1, keepdims=True)
        for name, column in zip(self.names, known.T, strict=True):
            if not column.any():
                what = "complete row" if self.coupled else f"measurement of '{name}'"
                raise DataError(f"Each series needs a {what} to start its forecast from. Add one, or drop the series.")
        rows = len(zs) - 1 - np.argmax(known[::-1], axis=0)
        return times[rows], np.take_along_axis(zs, rows[None], axis=0)[0]

    def _simulate(
        self,
        starts: Float[np.ndarray, "batch columns"],
        gaps: Float[np.ndarray, "batch times columns"],
        key: PRNGKeyArray,
        paths: int,
        max_substeps: int | None = None,
    ) -> Float[np.ndarray, "batch paths times columns"]:
        """Simulate paths in units of the data."""
        substeps = max(1, int(np.ceil(_STEPS_PER_UNIT * gaps.max())))
        substeps = substeps if max_substeps is None else min(substeps, max_substeps)
        steps = substeps * gaps.shape[1]
        if steps > _MAX_STEPS:
            raise DataError(
                f"A path to these times would have {steps} steps, but at most {_MAX_STEPS} are allowed. Choose earlier "
                "times, or fewer."
            )
        zs = simulate_paths(self, starts, gaps, key, paths, substeps)
        return np.asarray(self.scaling.decode(zs), np.float64)


def _check_times(ts: Float[np.ndarray, " times"], last: float) -> None:
    if not ts.size or not np.isfinite(ts).all():
        raise DataError("There must be at least one time, and all times must be finite.")
    if ts.min() < last - 1e-9 * abs(last):
        raise DataError(
            f"The forecast starts from the last measurement, at {last:.15g}; got the earlier time {ts.min():.15g}."
        )
