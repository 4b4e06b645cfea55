"""Time and temporary memory of every way to differentiate a solve, with few and with many steps."""

from dataclasses import replace

from benchmarks.peers.adjoints import (
    DIFFRAX_BACKSOLVE,
    DIFFRAX_DEFAULT,
    DIFFRAX_DIRECT,
    OUR_BACKSOLVE,
    OUR_DEFAULT,
    OUR_DIRECT,
    OUR_REVERSIBLE,
    our_checkpoints,
)
from benchmarks.problem import Problem
from benchmarks.row import Row
from benchmarks.rows.neural_ode import network

SIZES, BATCH = (8, 32, 32, 8), 32
DIFFRAX_KEEPS = {100: 13, 5_000: 99}
"""By number of steps of a solve, how many states Diffrax keeps by default if `max_steps` is one more."""


def rows() -> list[Row]:
    """Constant steps of a small network; the reversible solver may take at most 1.5 times as long as our default."""
    return [row for steps in (100, 5_000) for row in _rows(steps)]


def _rows(steps: int) -> list[Row]:
    tsit5, heun = _problem(steps, "Tsit5"), _problem(steps, "ReversibleHeun")
    mapped = replace(heun, lanes=(0, None))
    of = f"Gradient over {steps:,} steps, 8-32-32-8, batch 32"
    rows = [
        Row(f"{of}, Tsit5, checkpoints", tsit5, OUR_DEFAULT, {DIFFRAX_DEFAULT: 1.0}),
        Row(
            f"{of}, Tsit5, as few checkpoints as Diffrax",
            tsit5,
            our_checkpoints(DIFFRAX_KEEPS[steps]),
            {DIFFRAX_DEFAULT: 1.0},
        ),
        Row(f"{of}, Tsit5, adjoint equation", tsit5, OUR_BACKSOLVE, {DIFFRAX_BACKSOLVE: 1.0}),
        Row(
            f"{of}, ReversibleHeun, steps taken back",
            heun,
            OUR_REVERSIBLE,
            {OUR_DEFAULT: 1 / 1.5, DIFFRAX_DEFAULT: 1.0},
        ),
        Row(f"{of}, ReversibleHeun, steps taken back, vmap", mapped, OUR_REVERSIBLE, {OUR_DEFAULT: 1 / 1.5}),
    ]
    if steps == 100:
        rows.append(Row(f"{of}, Tsit5, direct", tsit5, OUR_DIRECT, {DIFFRAX_DIRECT: 1.0}))
    return rows


def _problem(steps: int, method: str) -> Problem:
    return replace(network(SIZES, BATCH), dt0=1.0 / steps, tolerance=None, max_steps=steps + 1, method=method)
