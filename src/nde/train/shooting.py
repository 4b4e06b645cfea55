"""Multiple shooting: a long trajectory learned in pieces that grow together."""

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

Solve = Callable[[Any, Any, Any], Any]
"""`solve(model, y0, ts)`: the states at the times, of shape `(times, states)`; the first is `y0`."""


class Segments(eqx.Module):
    """Pieces of a trajectory; the last row of each is the first of the next. A batch for `fit`, or part of one.

    Attributes:
        ts: Times, of shape `(segments, rows)`; a shorter piece repeats its last one.
        ys: States, of shape `(segments, rows, states)`; zero where they are not known.
        known: Which of them count.
        place: The number of each piece.

    Example:
        See `multiple_shooting`.
    """

    ts: Float[Array, "segments rows"]
    ys: Float[Array, "segments rows states"]
    known: Bool[Array, "segments rows states"]
    place: Int[Array, " segments"]


class Shots(eqx.Module):
    """A model, and the states from which it is solved: what multiple shooting learns.

    Attributes:
        model: The model.
        starts: The state at the beginning of each piece.

    Example:
        See `multiple_shooting`.
    """

    model: Any
    starts: Float[Array, "segments states"]


class MultipleShooting(eqx.Module):
    """A trajectory in pieces, and their loss; see `multiple_shooting`.

    Attributes:
        data: The pieces.
        starts: The states with which they begin, as far as the data tell.

    Example:
        See `multiple_shooting`.
    """

    data: Segments
    starts: Float[Array, "segments states"]
    _solve: Solve = eqx.field(static=True)
    _penalty: float = eqx.field(static=True)
    _learn_starts: bool = eqx.field(static=True)

    def begin(self, model: Any) -> Shots:
        """What `fit` is to train.

        Example:
            See `multiple_shooting`.
        """
        return Shots(model, self.starts)

    @compiled(solves=True)
    def loss(self, shots: Shots, batch: Segments, key: Any) -> tuple[Float[Array, ""], dict[str, Float[Array, ""]]]:
        """The mean square of the distance to the data, and the penalty times that of the gaps between pieces.

        Returns:
            The loss, and `misfit` and `gap`, of which it is made.

        Example:
            See `multiple_shooting`.
        """
        del key
        starts = shots.starts if self._learn_starts else jax.lax.stop_gradient(shots.starts)
        states = jax.vmap(lambda y0, ts: self._solve(shots.model, y0, ts))(starts[batch.place], batch.ts)
        distance = jnp.where(batch.known, states - batch.ys, 0.0)
        misfit = jnp.sum(distance**2) / divisor_of(batch.known, states.dtype)
        followed = batch.place + 1 < len(starts)
        following = starts[jnp.minimum(batch.place + 1, len(starts) - 1)]
        gap = jnp.where(followed[:, None], states[:, -1] - following, 0.0)
        gap = jnp.sum(gap**2) / (divisor_of(followed, states.dtype) * starts.shape[1])
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
    """Divides a trajectory into pieces that are solved each from a state of its own, and asks that they meet.

    Solved in one go with parameters that are far off, a long oscillation gets out of phase, and its mean is a better
    fit than any that is nearly right: descent ends there. Short pieces stay in phase. The loss is

        mean |solve(y_i) - data|^2 + penalty * mean |end of piece i - y_(i+1)|^2,

    in which the states `y_i` are learned with the model.

    Source: Bock and Plitt, *A multiple shooting algorithm for direct solution of optimal control problems* (1984),
    doi:10.1016/S1474-6670(17)61205-9; for neural equations Turan and Jäschke, *Multiple shooting for training neural
    differential equations on time series* (2022), doi:10.1109/LCSYS.2021.3135835.

    Args:
        solve: `solve(model, y0, ts)`, the states at the times, for one piece; it may meet its last time twice.
        ts: The times, increasing.
        ys: The states; `nan` where they are not known.
        segments: How many pieces, of as many rows as can be.
        penalty: How much the gaps weigh.
        learn_starts: Whether the states between pieces are learned. If not, they are those that were observed, or
            interpolated: for data without noise.

    Returns:
        The pieces, with `begin(model)` and `loss` for `fit`.

    Raises:
        DataError: If there are fewer intervals than pieces, times do not increase, or a state was never observed.

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
    # A row that two pieces share is told to the first of them: the start of the second hangs on by its gap.
    counted = known[rows] & within[..., None]
    counted[1:, 0] = False
    filled = np.stack([np.interp(times, times[k], y[k]) for k, y in zip(known.T, states.T, strict=True)], axis=1)
    data = Segments(
        ts=jnp.asarray(times[rows]),
        ys=jnp.asarray(np.where(known, states, 0.0)[rows]),
        known=jnp.asarray(counted),
        place=jnp.arange(segments),
    )
    starts = jnp.asarray(filled[ends[:-1]], data.ys.dtype)
    return MultipleShooting(data, starts, solve, penalty, learn_starts)


def _check(ts: np.ndarray, ys: np.ndarray, segments: int, penalty: float) -> None:
    if not 1 <= segments <= len(ts) - 1:
        raise DataError(f"Got {segments} segments for {len(ts)} times; from 1 to {len(ts) - 1} are wanted.")
    if not (np.diff(ts) > 0).all():
        row = int(np.argmin(np.diff(ts)))
        raise DataError(f"Got the times {ts[row]} and {ts[row + 1]} in rows {row} and {row + 1}; they should increase.")
    if np.isnan(ys).all(axis=0).any():
        column = int(np.argmax(np.isnan(ys).all(axis=0)))
        raise DataError(f"State {column} was never observed; at least one value of each is wanted, to begin with.")
    if not penalty >= 0:
        raise DataError(f"Got penalty={penalty}; a number that is not negative is wanted.")
