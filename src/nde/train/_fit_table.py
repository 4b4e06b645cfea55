"""Gradient descent on the distance between a solve and measurements."""

import time
from typing import Any, Protocol, TypeVar, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, PyTree

from nde.core.count import divisor_of, first_of
from nde.data import Table
from nde.train.progress import Progress
from nde.train.promotion import promoting

_CHUNK = 50
"""Steps between two reports."""
_GROWING = 0.6
"""The share of the steps in which the horizon grows."""
_FIRST = 0.25
"""The share of the rows with which it begins."""


@runtime_checkable
class _Scaling(Protocol):
    def time(self, ts: np.ndarray) -> np.ndarray: ...

    def encode(self, ys: np.ndarray) -> np.ndarray: ...


@runtime_checkable
class Trainable(Protocol):
    """What can be fitted: a pytree with these."""

    @property
    def scaling(self) -> _Scaling:
        """Between the table's units and model states."""
        ...

    def trajectory(self, times: Float[Array, " times"]) -> Float[Array, "times columns"]:
        """Model states at model times."""
        ...

    def penalty(self, zs: Float[Array, "times columns"]) -> Float[Array, ""]:
        """What is added to the loss."""
        ...


M = TypeVar("M", bound=Trainable)


class TableFit(eqx.Module):
    """A fitted model and how it came about.

    Attributes:
        model: The model with the least loss on all rows.
        losses: The loss of each step, on as many rows as it saw.
        best_loss: The least loss on all rows.
        seconds: How long it took, compiling included.

    Example:
        See `fit_table`.
    """

    model: Any
    losses: Float[np.ndarray, " steps"]
    best_loss: float
    seconds: float


class _Data(eqx.Module):
    """Measurements as model states; unknown ones are zero."""

    times: Float[Array, " rows"]
    zs: Float[Array, "rows columns"]
    known: Array

    @classmethod
    def of(cls, table: Table, scaling: _Scaling) -> "_Data":
        zs = scaling.encode(table.ys)
        known = ~np.isnan(zs)
        return cls(jnp.asarray(scaling.time(table.ts)), jnp.asarray(np.where(known, zs, 0.0)), jnp.asarray(known))


class _Descent(eqx.Module):
    """Where the descent is, and the best that it has met."""

    weights: PyTree[Array | None]
    optimizer: PyTree[Any]
    step: Array
    best: PyTree[Array | None]
    best_loss: Array


def fit_table(
    model: M, table: Table, *, steps: int = 2000, learning_rate: float = 1e-2, progress: Progress | None = None
) -> TableFit:
    """Fits a model to measurements by Adam, through the solve.

    The loss is the mean square of the distance in model states, over all that was measured; gaps carry none. It is
    taken over the first rows only, to begin with, and the horizon grows until it takes in all: an oscillation that is
    fitted all at once is flattened.

    Args:
        model: Any pytree with `scaling`, `trajectory` and `penalty`, such as those of `nde.models`.
        table: The measurements.
        steps: How many steps of descent.
        learning_rate: The size of the first; it falls to nothing along a cosine.
        progress: Told now and then how far it is.

    Returns:
        The model with the least loss on all rows, and the losses. The same arguments give the same result.

    Example:
        ```python
        import jax
        from nde.data import load_lynx_hare
        from nde.models import LotkaVolterra
        from nde.train import fit_table

        table = load_lynx_hare()
        found = fit_table(LotkaVolterra.from_table(table, key=jax.random.key(0)), table, steps=100)
        print(found.best_loss, found.model.equation())
        ```
    """
    begun = time.perf_counter()
    data = _Data.of(table, model.scaling)
    weights, static = eqx.partition(model, eqx.is_inexact_array)
    optimizer = _optimizer(steps, learning_rate)
    state = _Descent(
        weights=weights,
        optimizer=optimizer.init(weights),
        step=jnp.asarray(0),
        best=weights,
        best_loss=jnp.asarray(jnp.inf),
    )

    @jax.jit
    def chunk(state: _Descent) -> tuple[_Descent, Array]:
        return jax.lax.scan(lambda s, _: _descend(s, static, data, optimizer, steps), state, length=_CHUNK)

    losses: list[np.ndarray] = []
    for done in range(0, steps, _CHUNK):
        state, now = chunk(state)
        losses.append(np.asarray(now))
        if progress is not None:
            progress(min(done + _CHUNK, steps), steps, float(now[-1]))
    best = eqx.combine(state.best, static)
    return TableFit(best, np.concatenate(losses)[:steps], float(state.best_loss), time.perf_counter() - begun)


def loss(model: Trainable, data: _Data, rows: Array) -> Array:
    """The mean square of the distance over the first `rows` rows, and the model's penalty."""
    seen = first_of(data.times.shape[0], rows)
    last = data.times[rows - 1]
    zs = model.trajectory(jnp.minimum(data.times, last))
    counts = data.known & seen[:, None]
    distance = jnp.where(counts, zs - data.zs, 0.0)
    return jnp.sum(distance**2) / divisor_of(counts, zs.dtype) + model.penalty(zs)


def _descend(
    state: _Descent, static: PyTree[Any], data: _Data, optimizer: optax.GradientTransformation, steps: int
) -> tuple[_Descent, Array]:
    rows = _horizon(state.step, data.times.shape[0], steps)

    def of_weights(weights: PyTree[Array | None]) -> Array:
        return loss(eqx.combine(weights, static), data, rows)

    value, gradient = jax.value_and_grad(of_weights)(state.weights)
    better = (rows == data.times.shape[0]) & (value < state.best_loss) & (state.step < steps)
    updates, moved = optimizer.update(gradient, state.optimizer, state.weights)
    return _Descent(
        weights=optax.apply_updates(state.weights, updates),
        optimizer=moved,
        step=state.step + 1,
        best=jax.tree.map(lambda new, old: jnp.where(better, new, old), state.weights, state.best),
        best_loss=jnp.where(better, value, state.best_loss),
    ), value


def _horizon(step: Array, rows: int, steps: int) -> Array:
    """How many rows a step sees."""
    share = _FIRST + (1 - _FIRST) * (step + 1) / (_GROWING * steps)
    return jnp.clip(jnp.floor(share * rows), min(3, rows), rows).astype(int)


def _optimizer(steps: int, learning_rate: float) -> optax.GradientTransformation:
    """Adam; a gradient that is not finite is passed over."""
    schedule = optax.cosine_decay_schedule(learning_rate, steps, alpha=0.01)
    descent = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(schedule))
    return promoting(optax.apply_if_finite(descent, max_consecutive_errors=steps))
