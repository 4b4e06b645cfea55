"""1,024 small systems under `vmap`, each with its own steps, in double precision."""

from dataclasses import replace
from functools import partial

import numpy as np

from benchmarks.ours import OURS
from benchmarks.peers.diffrax import DIFFRAX, DIFFRAX_TUNED
from benchmarks.problem import Problem
from benchmarks.reference import exact
from benchmarks.row import Row
from benchmarks.rows.lorenz import lorenz
from benchmarks.side import Side

LANES = 1024
FINAL = Problem(
    lorenz,
    y0=np.ones((LANES, 3)),
    args=(np.full(LANES, 10.0), np.linspace(0.0, 21.0, LANES), np.full(LANES, 8 / 3)),
    t1=1.0,
    dt0=0.001,
    tolerance=1e-8,
    max_steps=4096,
    lanes=(0, 0),
)
SAVED = replace(FINAL, ts=np.linspace(0.0, 1.0, 11))


def rows() -> list[Row]:
    """Values at the end and at 11 times, and the gradients of both."""
    return [
        _row("final value", FINAL, 5.0),
        _row("11 save times", SAVED, 4.0),
        _row("gradient", replace(FINAL, loss=lambda y: y.sum()), 4.0),
        _row("gradient, 11 save times", replace(SAVED, loss=lambda ys: ys.sum()), 1.0),
    ]


def _row(what: str, problem: Problem, target: float) -> Row:
    targets: dict[Side, float | None] = {DIFFRAX: target, DIFFRAX_TUNED: target}
    return Row(f"1,024 Lorenz under vmap, float64, {what}", problem, OURS, targets, partial(exact, problem))
