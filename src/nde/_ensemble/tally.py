"""What is kept of the chunks that were run."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec
from jaxtyping import Array, Bool, Float, PyTree

from nde._ensemble.moments import Frame, Moments, PartialMoments, moments_of
from nde._ensemble.plan import AXIS, Plan
from nde._ensemble.rows import Rows, rows_of
from nde._ensemble.sketch import Bins
from nde._ensemble.statistics import Ensemble

_PILOT = 256
"""Paths that give the frame."""


class Tally:
    """Statistics so far; `add` takes in a chunk, `ensemble` returns them.

    The first chunk gives the frame in which moments and quantiles are counted. Quantiles are exact where all paths are
    at hand at the end, because they are kept or were a single chunk.

    Args:
        shapes: Of one sample.
        paths: How many there will be.
        plan: How chunks are laid out.
        probabilities: Of the quantiles.
        accuracy: Of the quantiles that are not exact.
        keep: Whether to keep all paths.
    """

    def __init__(
        self,
        shapes: PyTree[jax.ShapeDtypeStruct],
        paths: int,
        plan: Plan,
        probabilities: tuple[float, ...],
        accuracy: float,
        keep: bool,
    ) -> None:
        self.rows, self.plan, self.probabilities, self.keep = Rows(shapes), plan, probabilities, keep
        self.exact = keep or paths <= plan.chunk
        self.bins = None if self.exact or not probabilities else Bins.within(accuracy)
        self.moments = Moments.none(self.rows.numbers)
        self.failed = 0
        self.frame: Frame | None = None
        self.counts: Array | None = None
        self.held = jax.tree.map(lambda x: np.empty((paths, *x.shape), x.dtype), shapes) if self.exact else None
        self.counted = np.zeros(paths, bool) if self.exact else None

    def add(self, first: int, wanted: int, ys: PyTree[Array], counted: Bool[Array, " chunk"]) -> None:
        """Takes in a chunk, of which the paths from number `first` on are wanted."""
        finite = np.asarray(counted)
        self.failed += wanted - int(finite.sum())
        if self.held is not None and self.counted is not None:
            self.counted[first : first + wanted] = finite[:wanted]
            jax.tree.map(lambda store, y: _put(store, first, np.asarray(y)[:wanted]), self.held, ys)
        if not finite.any():
            return
        if self.frame is None:
            self._frame(ys, finite)
        assert self.frame is not None
        part, self.counts = _sum_chunk(self.counts, self.frame, ys, counted, self.plan, self.bins)
        for moments in moments_of(part, self.frame):
            self.moments = self.moments.merge(moments)

    def _frame(self, ys: PyTree[Array], finite: Bool[np.ndarray, " chunk"]) -> None:
        """From the first paths, of which there are always the same number: chunks do not show in the result."""
        pilot = np.flatnonzero(finite)[:_PILOT]
        frame = Frame.of(rows_of(jax.tree.map(lambda y: np.asarray(y)[pilot], ys), np.concatenate))
        self.frame = jax.device_put(frame, self.plan.everywhere)
        if self.bins is not None:
            shape = (self.plan.mesh.size, self.rows.numbers, self.bins.number)
            self.counts = jnp.zeros(shape, jnp.int32, device=self.plan.split)

    def ensemble(self) -> Ensemble:
        """What was found."""
        found, sample = self.moments, self.rows.sample
        known = found.count > 0
        nothing = np.full(self.rows.numbers, np.nan)
        return Ensemble(
            count=found.count,
            failed=self.failed,
            mean=sample(found.mean if known else nothing),
            variance=sample(found.variance),
            minimum=sample(found.minimum if known else nothing),
            maximum=sample(found.maximum if known else nothing),
            probabilities=self.probabilities,
            quantiles=sample(self._quantiles()) if self.probabilities else None,
            paths=self.held if self.keep else None,
        )

    def _quantiles(self) -> Float[np.ndarray, "probabilities numbers"]:
        probabilities = np.asarray(self.probabilities)
        if self.frame is None:
            return np.full((len(probabilities), self.rows.numbers), np.nan)
        if self.held is not None:
            rows = rows_of(self.held, np.concatenate)[self.counted]
            return np.quantile(rows, probabilities, axis=0)
        assert self.bins is not None
        assert self.counts is not None
        centre, scale = np.asarray(self.frame.centre, float), np.asarray(self.frame.scale, float)
        least, most = (self.moments.minimum - centre) / scale, (self.moments.maximum - centre) / scale
        counts = np.asarray(self.counts).sum(axis=0, dtype=np.int64)
        columns = [self.bins.quantiles(c, probabilities, *ends) for c, *ends in zip(counts, least, most, strict=True)]
        found = centre + scale * np.stack(columns, axis=1)
        return np.clip(found, self.moments.minimum, self.moments.maximum)


@functools.partial(jax.jit, static_argnames=("plan", "bins"), donate_argnames="counts")
def _sum_chunk(
    counts: Array | None, frame: Frame, ys: PyTree[Array], counted: Array, plan: Plan, bins: Bins | None
) -> tuple[PartialMoments, Array | None]:
    """The moments of a chunk on each device, and the counts with those of the chunk."""

    def on_device(
        counts: Array | None, frame: Frame, ys: PyTree[Array], counted: Array
    ) -> tuple[PartialMoments, Array | None]:
        rows = rows_of(ys)
        deviations = frame.deviations(rows)
        part = PartialMoments.of(rows, deviations, counted)
        if bins is not None and counts is not None:
            counts = bins.add(counts[0], deviations, counted)[None]
        return jax.tree.map(lambda x: x[None], part), counts

    whole, parts = PartitionSpec(), PartitionSpec(AXIS)
    run = jax.shard_map(on_device, mesh=plan.mesh, in_specs=(parts, whole, parts, parts), out_specs=parts)
    return run(counts, frame, ys, counted)


def _put(store: np.ndarray, first: int, rows: np.ndarray) -> Any:
    store[first : first + len(rows)] = rows
