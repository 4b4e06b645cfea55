"""A Brownian path on a fine grid of numbers drawn by NumPy: what solvers of any step size can be compared on."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

import nde
from nde.core.random import Seed
from nde.paths.halves import increments_over_step

CELLS = 4096


class TabulatedPath(nde.AbstractBrownianPath):
    """Increments and areas between nodes of the grid, from cumulative sums of the path and of its integral.

    Attributes:
        values: The path at the nodes, of shape `(CELLS + 1, *shape)`.
        integrals: Its integral up to the nodes.
    """

    values: Array
    integrals: Array
    shape: Any = eqx.field(static=True)
    levy_area: Any = eqx.field(static=True)
    seed: Seed

    def evaluate(self, t0: Any, t1: Any = None, left: bool = True, use_levy: bool = False) -> Any:
        """The increment between the nearest nodes."""
        i, j = (jnp.round(jnp.asarray(t) * CELLS).astype(jnp.int32) for t in (t0, t1))
        h = (j - i).astype(self.values.dtype) / CELLS
        W = self.values[j] - self.values[i]
        area = self.integrals[j] - self.integrals[i] - h * self.values[i]
        return nde.SpaceTimeLevyArea(h, W, area / h - W / 2) if use_levy else W

    def prepare(self, t: Any, h: Any, nodes: Any, needs: Any, path_state: Any) -> Any:
        """The increment over a step."""
        return increments_over_step(lambda t0, t1: self.evaluate(t0, t1, use_levy=True), t, h, needs), path_state


def tabulated(paths: int, shape: tuple[int, ...], seed: int = 0) -> TabulatedPath:
    """So many paths on the unit interval, along the first axis of their arrays."""
    rng = np.random.default_rng(seed)
    h = 1 / CELLS
    W = rng.normal(size=(paths, CELLS, *shape)) * np.sqrt(h)
    H = rng.normal(size=(paths, CELLS, *shape)) * np.sqrt(h / 12)
    start = np.zeros((paths, 1, *shape))
    values = np.concatenate([start, np.cumsum(W, axis=1)], axis=1)
    cells = h * (values[:, :-1] + W / 2 + H)
    integrals = np.concatenate([start, np.cumsum(cells, axis=1)], axis=1)
    struct = jax.ShapeDtypeStruct(shape, jnp.float64)
    return TabulatedPath(
        values=jnp.asarray(values),
        integrals=jnp.asarray(integrals),
        shape=struct,
        levy_area=nde.SpaceTimeLevyArea,
        seed=jnp.zeros((paths, 2), jnp.uint32),
    )
