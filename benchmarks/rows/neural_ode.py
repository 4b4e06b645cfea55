"""A large state and few steps: the cost of the network, forward and backward."""

from dataclasses import replace
from functools import cache, partial
from types import ModuleType
from typing import Any

import jax
import numpy as np

from benchmarks.ours import OURS
from benchmarks.peers.bare_loop import BareLoop
from benchmarks.peers.diffrax import DIFFRAX, DIFFRAX_TUNED
from benchmarks.peers.one_state import OneState
from benchmarks.peers.torchdiffeq import TORCHDIFFEQ
from benchmarks.problem import Field, Problem
from benchmarks.reference import exact
from benchmarks.row import Row
from benchmarks.side import Side


def mlp(xp: ModuleType) -> Field:
    """An MLP with tanh between its layers; `args` are its weights and biases."""

    def field(_t: Any, y: Any, args: Any) -> Any:
        *hidden, (weight, bias) = args
        for w, b in hidden:
            y = xp.tanh(y @ w + b)
        return y @ weight + bias

    return field


def network(sizes: tuple[int, ...], batch: int) -> Problem:
    """The gradient of the squared final values; the batch is the leading axis of the state."""
    y0 = jax.device_get(jax.random.normal(jax.random.key(1), (batch, sizes[0])))
    return Problem(mlp, y0, weights(sizes), t1=1.0, dt0=0.1, tolerance=1e-5, max_steps=256, loss=lambda y: (y**2).sum())


def weights(sizes: tuple[int, ...], seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """Weights and biases of an MLP with these layer sizes."""
    keys = jax.random.split(jax.random.key(seed), len(sizes) - 1)
    layers = [
        (jax.random.normal(key, (i, o)) * i**-0.5, jax.numpy.zeros(o))
        for key, i, o in zip(keys, sizes[:-1], sizes[1:], strict=True)
    ]
    return jax.device_get(layers)


def rows() -> list[Row]:
    """Three widths as one solve and as a `vmap` of solves, 50 save times, and the lower bound for a forward solve."""
    small, middle, large = (
        network((2, 64, 64, 2), 128),
        network((64, 64, 64, 64), 128),
        network((64, 256, 256, 64), 256),
    )
    return [
        *_gradients("2-64-64-2, batch 128", small, diffrax=2.5, torchdiffeq=10.0),
        *_gradients("64-64-64-64, batch 128", middle, diffrax=1.3, torchdiffeq=10.0),
        *_gradients("64-256-256-64, batch 256", large, diffrax=1.7, torchdiffeq=1.5),
        *_mapped("2-64-64-2, batch 128", small, diffrax=2.5),
        *_mapped("64-64-64-64, batch 128", middle, diffrax=3.0),
        *_mapped("64-256-256-64, batch 256", large, diffrax=5.0),
        *_saved("64-64-64-64, batch 128", middle),
        Row(
            "Neural ODE 64-256-256-64, batch 256, forward (0.87: at most 1.15 × the loop's time)",
            replace(large, loss=None),
            OURS,
            {BareLoop(OURS): 1 / 1.15},
        ),
    ]


def _gradients(name: str, problem: Problem, diffrax: float, torchdiffeq: float) -> list[Row]:
    """The batch as one solve."""
    targets: dict[Side, float | None] = {DIFFRAX: diffrax, DIFFRAX_TUNED: diffrax, TORCHDIFFEQ: torchdiffeq}
    return [Row(f"Neural ODE {name}, gradient", problem, OURS, targets, cache(partial(exact, problem)))]


def _mapped(name: str, problem: Problem, diffrax: float) -> list[Row]:
    """A `vmap` of one-sample solves with shared weights, as most users write it; adaptive and constant steps."""
    adaptive = replace(problem, lanes=(0, None))
    constant = replace(adaptive, tolerance=None, dt0=0.05, max_steps=32)
    peers: dict[Side, float | None] = {OneState(OURS): 1 / 1.3, DIFFRAX: diffrax, DIFFRAX_TUNED: diffrax}
    row = f"Neural ODE {name}, gradient, vmap"
    return [
        Row(row, adaptive, OURS, {**peers, TORCHDIFFEQ: 1.0}, cache(partial(exact, problem))),
        Row(f"{row}, constant steps", constant, OURS, peers),
    ]


def _saved(name: str, problem: Problem) -> list[Row]:
    """50 save times: the values, and the gradient of all of them."""
    gradient = replace(problem, ts=np.linspace(0.0, problem.t1, 50, dtype=np.float32))
    forward = replace(gradient, loss=None)
    targets: dict[Side, float | None] = {DIFFRAX: 1.0, DIFFRAX_TUNED: 1.0, TORCHDIFFEQ: None}
    return [
        Row(f"Neural ODE {name}, 50 save times", forward, OURS, targets, partial(exact, forward)),
        Row(f"Neural ODE {name}, gradient, 50 save times", gradient, OURS, targets, partial(exact, gradient)),
    ]
