"""Multiple shooting: learn a long trajectory in segments that are pulled together."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from nde.core.compiled import compiled
from nde.core.count import divisor_of
from nde.data import DataError
from nde.data.plural import pluralize

Solve = Callable[[Any, Any, Any], Any]
"""`solve(model, y0, ts)`, which returns the states at the times, of shape `(times, states)`; the first is `y0`."""


class Segments(eqx.Module):
    """Segments of a trajectory, each of which starts where the previous one ends: a batch for `fit`, or part of one.

    Attributes:
        ts: Times, of shape `(segments, rows)`. Shorter segments repeat their last time.
        ys: States, of shape `(segments, rows, states)`, with zeros for unknown values.
        known: Which values count.
        place: The index of each segment.

    Example:
        See `multiple_shooting`.
    """

    ts: Float[Array, "segments rows"]
    ys: Float[Array, "segments rows states"]
    known: Bool[Array, "segments rows states"]
    place: Int[Array, " segments"]


class Shots(eqx.Module):
    """The trainable part of multiple shooting: a model, and the initial state of each segment.

    Attributes:
        model: The model.
        starts: The initial state of each segment.

    Example:
        See `multiple_shooting`.
    """

    model: Any
    starts: Float[Array, "segments states"]


class MultipleShooting(eqx.Module):
    """The data and loss of multiple shooting, see `multiple_shooting`.

    Attributes:
        data: The segments.
        starts: The initial states, estimated from the data.

    Example:
        ```python
        import jax.numpy as jnp
        from nde.train import MultipleShooting, multiple_shooting

        ts = jnp.linspace(0.0, 4.0, 21)
        line = lambda slope, y0, ts: y0 + slope * (ts - ts[0])[:, None]
        problem = multiple_shooting(line, ts, 3.0 * ts[:, None], segments=4)
        assert isinstance(problem, MultipleShooting)
        loss, parts = problem.loss(problem.begin(jnp.asarray(3.0)), problem.data, None)
        print(loss, parts["misfit"], parts["gap"])
        ```
    """

    data: Segments
    starts: Float[Array, "segments states"]
    _solve: Solve = eqx.field(static=True)
    _penalty: float = eqx.field(static=True)
    _learn_starts: bool = eqx.field(static=True)

    def begin(self, model: Any) -> Shots:
        """Return what `fit` should train: the model with the initial states.

        Example:
            See `multiple_shooting`.
        """
        return Shots(model, self.starts)

    @compiled(solves=True)
    def loss(self, shots: Shots, batch: Segments, key: Any) -> tuple[Float[Array, ""], dict[str, Float[Array, ""]]]:
        """Return the mean squared error plus the penalty times the mean squared gap between segments.

        Returns:
            The loss, and its parts `misfit` and `gap`.

        Example:
            See `multiple_shooting`.
        """
        del key
        starts = shots.starts if self._learn_starts else jax.lax.stop_gradient(shots.starts)
        states = jax.vmap(lambda y0, ts: self._solve(shots.model, y0, ts))(starts[batch.place], batch.ts)
        distance = jnp.where(batch.known, states - batch.ys, 0.0)
        misfit = jnp.sum(distance**2) / divisor_of(batch.known, states.dtype)
        has_next = batch.place + 1 < len(starts)
        next_start = starts[jnp.minimum(batch.place + 1, len(starts) - 1)]
        gap = jnp.where(has_next[:, None], states[:, -1] - next_start, 0.0)
        gap = jnp.sum(gap**2) / (divisor_of(has_next, states.dtype) * starts.shape[1])
        return misfit + self._penalty * gap, {"misfit": misfit, "gap": gap}


def multiple_shooting(
    solve: Solve,
    ts: Float[np.ndarray | Array, " times"],
    ys: Float[np.ndarray | Array, "times states"],
    segments: int,
    *,
    penalty: float = 1.0,
    learn_starts: bool = True,
) -> MultipleShooting:
    """Set up multiple shooting: solve a trajectory in segments, and penalize the gaps between them.

    If a long oscillation is solved in one go with wrong parameters, it gets out of phase, and its mean fits the data
    better than any nearly correct solution: gradient descent gets stuck there. Short segments stay in phase. The loss
    is

        mean |solve(y_i) - data|^2 + penalty * mean |end of segment i - y_(i+1)|^2,

    where the initial states `y_i` are trained along with the model.

    Source: Bock and Plitt, *A multiple shooting algorithm for direct solution of optimal control problems* (1984),
    doi:10.1016/S1474-6670(17)61205-9; for neural equations Turan and Jäschke, *Multiple shooting for training neural
    differential equations on time series* (2022), doi:10.1109/LCSYS.2021.3135835.

    Args:
        solve: `solve(model, y0, ts)`, which returns the states at the times of one segment. The last time may appear
            twice.
        ts: Increasing times.
        ys: The states, with `nan` for unknown values.
        segments: The number of segments; their lengths differ by at most one row.
        penalty: The weight of the gaps.
        learn_starts: Whether to train the initial states of the segments. If not, they are the observed or interpolated
            states, which suits data without noise.

    Returns:
        The problem, with `begin(model)`, `loss` and `data` for `fit`.

    Raises:
        DataError: If there are fewer intervals than segments, times do not increase, or a state was never observed.

    Example:
        ```python
        import jax, jax.numpy as jnp
        import nde
        from nde.train import fit, multiple_shooting

        def solve(rate, y0, ts):
            return y0 * jnp.exp(-rate * (ts - ts[0]))[:, None]

        ts = jnp.linspace(0.0, 4.0, 21)
        problem = multiple_shooting(solve, ts, jnp.exp(-0.5 * ts)[:, None], segments=5)
        found = fit(problem.begin(jnp.asarray(2.0)), problem.loss, problem.data, steps=9, key=jax.random.key(0))
        ```
    """
    times, states = np.asarray(ts), np.asarray(ys)
    _check(times, states, segments, penalty)
    ends = np.linspace(0, len(times) - 1, segments + 1).round().astype(int)
    rows = ends[:-1, None] + np.arange(np.diff(ends).max() + 1)
    within = rows <= ends[1:, None]
    rows = np.minimum(rows, ends[1:, None])
    known = ~np.isnan(states)
    # A row that two segments share counts for the first; the gap penalty ties the start of the second to it.
    counts = known[rows] & within[..., None]
    counts[1:, 0] = False
    filled = np.stack([np.interp(times, times[k], y[k]) for k, y in zip(known.T, states.T, strict=True)], axis=1)
    data = Segments(
        ts=jnp.asarray(times[rows]),
        ys=jnp.asarray(np.where(known, states, 0.0)[rows]),
        known=jnp.asarray(counts),
        place=jnp.arange(segments),
    )
    starts = jnp.asarray(filled[ends[:-1]], data.ys.dtype)
    return MultipleShooting(data, starts, solve, penalty, learn_starts)


def _check(ts: np.ndarray, ys: np.ndarray, segments: int, penalty: float) -> None:
    if not 1 <= segments <= len(ts) - 1:
        raise DataError(f"segments must be from 1 to {len(ts) - 1} for {pluralize(len(ts), 'time')}; got {segments}.")
    if not (np.diff(ts) > 0).all():
        row = int(np.argmin(np.diff(ts)))
        raise DataError(f"ts must increase; got {ts[row]} and {ts[row + 1]} in rows {row} and {row + 1}.")
    if np.isnan(ys).all(axis=0).any():
        column = int(np.argmax(np.isnan(ys).all(axis=0)))
        raise DataError(f"ys must have at least one observed value of each state; got none of state {column}.")
    if not penalty >= 0:
        raise DataError(f"penalty must be non-negative; got {penalty}.")
