"""Compile time before the first result: trace, lower and compile."""

from dataclasses import replace

from benchmarks.ours import OURS
from benchmarks.peers.compiling import Compiling
from benchmarks.peers.diffrax import DIFFRAX, DIFFRAX_TUNED
from benchmarks.problem import Problem
from benchmarks.row import Row
from benchmarks.rows import lorenz, neural_ode
from benchmarks.side import Side

TARGET = 3.0


def rows() -> list[Row]:
    """A small and a large state, forward and backward."""
    network = neural_ode.network((64, 64, 64, 64), 128)
    return [
        _row("Lorenz, forward", lorenz.FINAL),
        _row("Lorenz, gradient", lorenz.GRADIENT),
        _row("neural ODE 64-64-64-64, forward", replace(network, loss=None)),
        _row("neural ODE 64-64-64-64, gradient", network),
    ]


def _row(what: str, problem: Problem) -> Row:
    targets: dict[Side, float | None] = {Compiling(DIFFRAX): TARGET, Compiling(DIFFRAX_TUNED): TARGET}
    return Row(f"Compile {what}", problem, Compiling(OURS), targets)
