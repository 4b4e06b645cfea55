"""Very many paths in one call."""

import operator
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, PyTree

from nde.core.tree import nbytes
from nde.core.types import RealScalar
from nde.ensembles.meter import shown
from nde.ensembles.plan import planned
from nde.ensembles.simulate import Sample, shapes_of, simulate
from nde.ensembles.statistics import Ensemble
from nde.ensembles.tally import Tally
from nde.integrate.progress import AbstractProgressMeter, NoProgressMeter

_MOST = 2**31 - 1
"""Most paths: so many keys are told apart, and bins counted."""


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
    """Runs very many paths, in chunks and on all devices, and returns their moments and quantiles.

    Nothing but statistics is kept: memory is that of one chunk, however many the paths. Path number `i` is
    `sample(jax.random.fold_in(key, i))`, so chunks and devices do not change it; on processors not by a bit.

    **Failures.** A path whose solve failed, or that has a number which is not finite, is left out of all statistics
    and counted in `failed`. Let `sample` solve with `throw=False`, or one failure ends the call; and let it return the
    `Solution` itself, which tells of a failure: the last state that a failed solve saves at `t1` is finite.

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
            if their samples would take more than 64 MiB. Below 256 on each device the last bits may change.
        devices: Where to run; by default all local devices. A CPU is a single one, unless
            `jax.config.update("jax_num_cpu_devices", n)` comes first.
        progress_meter: Told after each chunk how far it is.

    Returns:
        The statistics, each a pytree like a sample.

    Raises:
        TypeError: If `sample` is no function or returns complex numbers or no arrays; if `key` is no key; or if called
            inside of `jax.jit`, `jax.vmap` or `jax.grad`.
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
    paths = _whole("paths", paths)
    if chunk is not None:
        chunk = _whole("chunk", chunk)
    chances = _probabilities(probabilities)
    if not 1e-4 <= accuracy < 1:
        raise ValueError(
            f"`ensemble` got `accuracy={accuracy}`; it wants a number between 0.0001 and 1, such as 0.005."
        )
    shapes = _shapes(sample, key)
    places = jax.local_devices() if devices is None else list(devices)
    if not places:
        raise ValueError("`ensemble` got no `devices`; pass some of `jax.devices()`, or `None` for all local ones.")
    plan = planned(nbytes(shapes), paths, chunk, places)
    key = jax.device_put(jnp.asarray(key), plan.everywhere)
    arrays, static = eqx.partition(sample, lambda x: isinstance(x, jax.Array | np.ndarray))
    sample = eqx.combine(jax.device_put(arrays, plan.everywhere), static)
    tally = Tally(shapes, paths, plan, chances, accuracy, keep)
    with shown(progress_meter) as show:
        for first in range(0, paths, plan.chunk):
            left = paths - first
            ys, counted = simulate(sample, key, jnp.uint32(first), jnp.int32(left), plan)
            if any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves((ys, counted))):
                raise TypeError(_TRACED)
            tally.add(first, min(left, plan.chunk), ys, counted)
            show(1 - max(left - plan.chunk, 0) / paths)
    return tally.ensemble()


_TRACED = (
    "`ensemble` was called inside of `jax.jit`, `jax.vmap`, `jax.grad` or the like; it counts on the host and wants "
    "concrete arrays. Call it outside, or use `jax.vmap(sample)(jax.random.split(key, n))` inside."
)


def _whole(name: str, number: Any) -> int:
    try:
        value = operator.index(number)
    except TypeError as error:
        raise ValueError(f"`ensemble` got `{name}={number!r}`; it wants an `int`, such as 10_000.") from error
    if not 1 <= value <= _MOST:
        raise ValueError(f"`ensemble` got `{name}={value}`; it wants a number from 1 to {_MOST}.")
    return value


def _probabilities(probabilities: Any) -> tuple[float, ...]:
    values = tuple(float(p) for p in probabilities)
    if not all(0 <= p <= 1 for p in values):
        raise ValueError(f"`ensemble` got `probabilities={values}`; each has to lie between 0 and 1, both included.")
    return values


def _shapes(sample: Sample, key: Any) -> PyTree[jax.ShapeDtypeStruct]:
    """The shapes of a sample that statistics can be taken of."""
    if not callable(sample):
        raise TypeError(f"`ensemble` got {sample!r} as `sample`; it wants a function from a key to a pytree of arrays.")
    try:
        jax.eval_shape(lambda key: jax.random.fold_in(key, 0), key)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"`ensemble` got {key!r} as `key`; it wants a single key, such as `jax.random.key(0)`."
        ) from error
    shapes = shapes_of(sample, key)
    leaves = jax.tree.leaves(shapes)
    if not any(leaf.size for leaf in leaves):
        raise TypeError(f"`sample` returned {shapes}, with no numbers in it; let it return a pytree of arrays.")
    for leaf in leaves:
        if not any(jnp.issubdtype(leaf.dtype, kind) for kind in (jnp.floating, jnp.integer, jnp.bool_)):
            raise TypeError(
                f"`sample` returned an array of dtype {leaf.dtype}, which has no quantiles; let it return real "
                "numbers, such as real and imaginary part side by side."
            )
    return shapes
