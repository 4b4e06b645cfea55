"""Very many paths in one call."""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array

from nde._ensemble.check import check_accuracy, check_count, device_list, quantile_levels, sample_shapes
from nde._ensemble.meter import open_display
from nde._ensemble.plan import make_plan
from nde._ensemble.simulate import Sample, simulate
from nde._ensemble.statistics import Ensemble
from nde._ensemble.tally import Tally
from nde.core.tree import nbytes
from nde.core.types import RealScalar
from nde.integrate.progress import AbstractProgressMeter, NoProgressMeter


def ensemble(
    sample: Sample,
    key: Any,
    paths: int,
    *,
    probabilities: Sequence[RealScalar] | np.ndarray | Array = (0.05, 0.25, 0.5, 0.75, 0.95),
    accuracy: float = 0.005,
    keep: bool = False,
    chunk: int | None = None,
    devices: Sequence[Any] | None = None,
    progress_meter: AbstractProgressMeter = NoProgressMeter(),
) -> Ensemble:
    """Simulate very many paths, in chunks and on all devices, and return their moments and quantiles.

    Nothing but statistics is kept: memory is that of one chunk, however many the paths. Path number `i` is
    `sample(jax.random.fold_in(key, i))`, so chunks and devices do not change it; on processors not by a bit.

    **Failures.** A path whose solve failed, or that has a number which is not finite, is left out of all statistics
    and counted in `failed`. Let `sample` solve with `throw=False`, or one failure ends the call; and let it return the
    `Solution` itself, which records a failure: the last state that a failed solve saves at `t1` is finite.

    **Quantiles** are exact where all paths are kept or fit into one chunk. Otherwise each is within `accuracy` times
    `hypot(scale, distance)` of the quantile of these paths, where `scale` is the spread of the first 256 paths and
    `distance` that of the quantile from their median, if it is less than 10,000 scales; where there is a density it
    is much closer. The sketch takes 16 KiB for each number of a sample on each device.

    Args:
        sample: Takes a key to a `Solution`, of which the statistics are those of `ys`, or to any pytree of real
            arrays, such as what `sdeint` returns. Arrays of an Equinox module or `jax.tree_util.Partial` are inputs
            of the compiled program, those that a function captures are part of it.
        key: Of `jax.random`.
        paths: How many.
        probabilities: Of the quantiles wanted, between 0 and 1; none, and their cost is saved.
        accuracy: Of quantiles, as above; the sketch grows as it shrinks.
        keep: Whether to return all paths too, in the memory of the host.
        chunk: Most paths to run between two merges, on all devices together; by default 32,768 on each device, fewer
            if their samples would take more than 64 MiB. Below 1,024 on each device the last bits may change.
        devices: Where to run; by default all local devices. A CPU is a single one, unless
            `jax.config.update("jax_num_cpu_devices", n)` comes first.
        progress_meter: Updated after each chunk.

    Returns:
        The statistics, each a pytree like a sample.

    Raises:
        TypeError: If `sample` is no function or returns complex numbers or no arrays; if `key` is no key; or if called
            inside `jax.jit`, `jax.vmap` or `jax.grad`.
        ValueError: If `paths`, `chunk`, `accuracy` or `probabilities` are out of range.

    Source: moments as Chan, Golub and LeVeque (1983), doi:10.1080/00031305.1983.10483115; quantiles after Masson, Rim
    and Lee (2019), doi:10.14778/3352063.3352135.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde

        def path(key):
            ts = jnp.linspace(0.0, 1.0, 5)
            return nde.sdeint(lambda t, y: -y, lambda t, y: 0.3, 1.0, ts, key, throw=False)

        found = nde.ensemble(path, jax.random.key(0), 50_000)
        print(found.mean, found.standard_error, found.quantiles, found.failed)
        ```
    """
    paths = check_count("paths", paths)
    levels = quantile_levels(probabilities)
    check_accuracy(accuracy)
    shapes = sample_shapes(sample, key)
    plan = make_plan(
        nbytes(shapes), paths, None if chunk is None else check_count("chunk", chunk), device_list(devices)
    )
    key = jax.device_put(jnp.asarray(key), plan.everywhere)
    arrays, static = eqx.partition(sample, lambda x: isinstance(x, jax.Array | np.ndarray))
    sample = eqx.combine(jax.device_put(arrays, plan.everywhere), static)
    tally = Tally(shapes, paths, plan, levels, accuracy, keep)
    with open_display(progress_meter) as show:
        for first in range(0, paths, plan.chunk):
            left = paths - first
            ys, counted = simulate(sample, key, jnp.uint32(first), jnp.int32(left), plan)
            if any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves((ys, counted))):
                raise TypeError(_TRACED)
            tally.add(first, min(left, plan.chunk), ys, counted)
            show(1 - max(left - plan.chunk, 0) / paths)
    return tally.ensemble()


_TRACED = (
    "`ensemble` was called inside `jax.jit`, `jax.vmap`, `jax.grad` or the like; it counts on the host and needs "
    "concrete arrays. Call it outside, or use `jax.vmap(sample)(jax.random.split(key, n))` inside."
)
