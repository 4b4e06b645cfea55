"""A small state and many steps: the cost of the loop itself."""

from dataclasses import replace
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np

from benchmarks.ours import OURS
from benchmarks.peers.diffrax import DIFFRAX, DIFFRAX_TUNED
from benchmarks.peers.scipy import LSODA, RK45
from benchmarks.peers.torchdiffeq import TORCHDIFFEQ
from benchmarks.problem import Field, Problem
from benchmarks.reference import exact
from benchmarks.row import Row
from benchmarks.side import Side


def lorenz(xp: ModuleType) -> Field:
    """Lorenz (1963), doi:10.1175/1520-0469(1963)020<0130:DNF>2.0.CO;2."""

    def field(_t: Any, y: Any, args: Any) -> Any:
        sigma, rho, beta = args
        return xp.stack([sigma * (y[1] - y[0]), y[0] * (rho - y[2]) - y[1], y[0] * y[1] - beta * y[2]])

    return field


FINAL = Problem(
    lorenz,
    y0=np.ones(3, np.float32),
    args=tuple(np.array(p, np.float32) for p in (10.0, 28.0, 8 / 3)),
    t1=10.0,
    dt0=0.01,
    tolerance=1e-6,
    max_steps=4096,
)
SAVED = replace(FINAL, ts=np.linspace(0.0, 10.0, 101, dtype=np.float32))
GRADIENT = replace(FINAL, loss=lambda y: y.sum())
SAVED_GRADIENT = replace(SAVED, loss=lambda ys: ys.sum())


def rows() -> list[Row]:
    """Values and gradients, at the end and at 101 times."""
    others: dict[Side, float | None] = {TORCHDIFFEQ: None, RK45: None, LSODA: None}
    return [
        _row("final value", FINAL, {DIFFRAX: 5.0, DIFFRAX_TUNED: 5.0, **others}),
        _row("101 save times", SAVED, {DIFFRAX: 8.0, DIFFRAX_TUNED: 8.0, **others}),
        _row("gradient", GRADIENT, {DIFFRAX: 12.0, DIFFRAX_TUNED: 2.0, TORCHDIFFEQ: None}),
        _row("gradient, 101 save times", SAVED_GRADIENT, {DIFFRAX: 1.0, DIFFRAX_TUNED: 1.0, TORCHDIFFEQ: None}),
    ]


def _row(what: str, problem: Problem, targets: dict[Side, float | None]) -> Row:
    return Row(f"Lorenz, {what}", problem, OURS, targets, partial(exact, problem))
