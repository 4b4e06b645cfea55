"""Fit a trajectory to a table of measurements by gradient descent."""

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
from nde.train.optimizer import clipped_adam
from nde.train.progress import Progress

_CHUNK = 50
"""Steps between two progress reports."""
_GROWTH_SHARE = 0.6
"""The share of the steps in which the horizon grows."""
_INITIAL_SHARE = 0.25
"""The share of the rows within the first horizon."""


@runtime_checkable
class _Scaling(Protocol):
    def time(self, ts: np.ndarray) -> np.ndarray: ...

    def encode(self, ys: np.ndarray) -> np.ndarray: ...


@runtime_checkable
class Trainable(Protocol):
    """Protocol of models that `fit_table` can fit."""

    @property
    def scaling(self) -> _Scaling:
        """The conversion between the table's units and model states."""
        ...

    def trajectory(self, times: Float[Array, " times"]) -> Float[Array, "times columns"]:
        """Solve for the model states at model times."""
        ...

    def penalty(self, zs: Float[Array, "times columns"]) -> Float[Array, ""]:
        """Return a penalty on the trajectory, to be added to the loss."""
        ...


M = TypeVar("M", bound=Trainable)


class TableFit(eqx.Module):
    """The result of `fit_table`: the model and its losses.

    Attributes:
        model: The model with the lowest loss on all rows.
        losses: The loss of each step, on the rows within its horizon.
        best_loss: The lowest loss on all rows.
        seconds: The time taken, in seconds, including compilation.

    Example:
        See `fit_table`.
    """

    model: Any
    losses: Float[np.ndarray, " steps"]
    best_loss: float
    seconds: float


class _Data(eqx.Module):
    """Measurements as model states, with zeros for missing values."""

    times: Float[Array, " rows"]
    zs: Float[Array, "rows columns"]
    known: Array

    @classmethod
    def of(cls, table: Table, scaling: _Scaling) -> "_Data":
        zs = scaling.encode(table.ys)
        known = ~np.isnan(zs)
        return cls(jnp.asarray(scaling.time(table.ts)), jnp.asarray(np.where(known, zs, 0.0)), jnp.asarray(known))


class _State(eqx.Module):
    """The state of the descent, and the best weights so far."""

    weights: PyTree[Array | None]
    optimizer: PyTree[Any]
    step: Array
    best: PyTree[Array | None]
    best_loss: Array


def fit_table(
    model: M, table: Table, *, steps: int = 2000, learning_rate: float = 1e-2, progress: Progress | None = None
) -> TableFit:
    """Fit a model to a table of measurements by gradient descent through the solver.

    The loss is the mean squared error in model states over all observed values. The optimizer is Adam. At first the
    loss covers only the first rows, and its horizon grows until it covers all: fitting a long oscillation in one go
    tends to collapse to its mean.

    Args:
        model: Any pytree with `scaling`, `trajectory` and `penalty`, such as the models of `nde.models`.
        table: The measurements.
        steps: The number of training steps.
        learning_rate: The initial learning rate; it decays along a cosine.
        progress: A function `progress(done, steps, loss)`, called from time to time.

    Returns:
        The model with the lowest loss on all rows, and the losses. The same arguments give the same result.

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
    start = time.perf_counter()
    data = _Data.of(table, model.scaling)
    weights, static = eqx.partition(model, eqx.is_inexact_array)
    optimizer = clipped_adam(optax.cosine_decay_schedule(learning_rate, steps, alpha=0.01), steps)
    state = _State(
        weights=weights,
        optimizer=optimizer.init(weights),
        step=jnp.asarray(0),
        best=weights,
        best_loss=jnp.asarray(jnp.inf),
    )

    @jax.jit
    def chunk(state: _State) -> tuple[_State, Array]:
        return jax.lax.scan(lambda s, _: _step(s, static, data, optimizer, steps), state, length=_CHUNK)

    losses: list[np.ndarray] = []
    for done in range(0, steps, _CHUNK):
        state, values = chunk(state)
        losses.append(np.asarray(values))
        if progress is not None:
            progress(min(done + _CHUNK, steps), steps, float(values[-1]))
    best = eqx.combine(state.best, static)
    return TableFit(best, np.concatenate(losses)[:steps], float(state.best_loss), time.perf_counter() - start)


def loss(model: Trainable, data: _Data, rows: Array) -> Array:
    """Return the mean squared error over the first `rows` rows, plus the model's penalty."""
    seen = first_of(data.times.shape[0], rows)
    last = data.times[rows - 1]
    zs = model.trajectory(jnp.minimum(data.times, last))
    counts = data.known & seen[:, None]
    distance = jnp.where(counts, zs - data.zs, 0.0)
    return jnp.sum(distance**2) / divisor_of(counts, zs.dtype) + model.penalty(zs)


def _step(
    state: _State, static: PyTree[Any], data: _Data, optimizer: optax.GradientTransformation, steps: int
) -> tuple[_State, Array]:
    rows = _horizon(state.step, data.times.shape[0], steps)

    def of_weights(weights: PyTree[Array | None]) -> Array:
        return loss(eqx.combine(weights, static), data, rows)

    value, gradient = jax.value_and_grad(of_weights)(state.weights)
    better = (rows == data.times.shape[0]) & (value < state.best_loss) & (state.step < steps)
    updates, optimizer_state = optimizer.update(gradient, state.optimizer, state.weights)
    return _State(
        weights=optax.apply_updates(state.weights, updates),
        optimizer=optimizer_state,
        step=state.step + 1,
        best=jax.tree.map(lambda new, old: jnp.where(better, new, old), state.weights, state.best),
        best_loss=jnp.where(better, value, state.best_loss),
    ), value


def _horizon(step: Array, rows: int, steps: int) -> Array:
    """Return the number of rows that a step sees."""
    share = _INITIAL_SHARE + (1 - _INITIAL_SHARE) * (step + 1) / (_GROWTH_SHARE * steps)
    return jnp.clip(jnp.floor(share * rows), min(3, rows), rows).astype(int)
