"""Errors of a hypersolver and of classical solvers, by evaluations and by wall time."""

import dataclasses
import functools
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from nde.models.hypersolvers.equation import Equation, Problems, Start
from nde.nn.correction_mlp import to_numbers
from nde.solve import SaveAt
from nde.solvers import Bosh3, Euler, ExplicitRungeKutta, Heun, Hyper, Midpoint, Tsit5

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nde.plot import SolverErrors

CLASSICAL: dict[str, ExplicitRungeKutta] = {
    "Euler": Euler(),
    "Midpoint": Midpoint(),
    "Heun": Heun(),
    "Bosh3": Bosh3(),
    "Tsit5": Tsit5(),
}
_COUNTS = (1, 2, 3, 4, 6, 8, 12)
"""Numbers of steps, between two knots."""
_BETWEEN_ROWS = (1, 2)
"""The same if there are many knots."""
_MOST_EVALUATIONS = 12
"""How many times the evaluations of the hypersolver are tried with classical solvers."""


@dataclasses.dataclass(frozen=True)
class SolverError:
    """The error of a solver with a number of steps, over problems that the hypersolver was not fitted to.

    Attributes:
        method: The name of the solver.
        steps: The number of steps.
        evaluations: The number of evaluations of the vector field; that of a network of a hypersolver is not counted.
        mean_absolute: The mean of the absolute errors of the final states, over problems and numbers.
        root_mean_square: The root of the mean squared distance from the exact final state.
        milliseconds: Wall time of solving all problems side by side, the median of several in turn with all others.

    Example:
        See `fit_hypersolver`.
    """

    method: str
    steps: int
    evaluations: int
    mean_absolute: float
    root_mean_square: float
    milliseconds: float


@dataclasses.dataclass(frozen=True)
class HypersolverReport:
    """A hypersolver beside classical solvers with constant steps.

    Attributes:
        rows: The errors, those of the hypersolver first.
        hypersolver: Its name in these.
        problems: The number of problems.

    Example:
        See `fit_hypersolver`.
    """

    rows: tuple[SolverError, ...]
    hypersolver: str
    problems: int

    def of(self, method: str) -> list[SolverError]:
        """The errors of one solver, by increasing number of steps."""
        return [row for row in self.rows if row.method == method]

    def text(self) -> str:
        """The table as text."""
        heads = ("solver", "steps", "evaluations", "mean absolute", "root mean square", "ms")
        cells = [
            (
                row.method,
                f"{row.steps}",
                f"{row.evaluations}",
                f"{row.mean_absolute:.2e}",
                f"{row.root_mean_square:.2e}",
                f"{row.milliseconds:.2f}",
            )
            for row in self.rows
        ]
        widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in cells]
        head = "  ".join(cell.rjust(width) for cell, width in zip(heads, widths, strict=True))
        return "\n".join([head, *lines])

    def plot(self) -> "Figure":
        """The plot of errors against evaluations, and against wall time."""
        from nde.plot import plot_solver_errors  # noqa: PLC0415 (needs Matplotlib)

        return plot_solver_errors({"": self.curves()})

    def curves(self) -> "list[SolverErrors]":
        """The root mean square errors of each solver, for `nde.plot.plot_solver_errors`."""
        from nde.plot import SolverErrors  # noqa: PLC0415 (needs Matplotlib)

        found = {method: self.of(method) for method in dict.fromkeys(row.method for row in self.rows)}
        return [
            SolverErrors(
                method,
                [row.evaluations for row in rows],
                [row.milliseconds for row in rows],
                [row.root_mean_square for row in rows],
            )
            for method, rows in found.items()
        ]


def measure(
    problems: Sequence[Problems], hyper: Hyper, base: str, steps: Sequence[int], *, rounds: int = 15
) -> HypersolverReport:
    """Compare a hypersolver with classical solvers.

    Args:
        problems: Problems that it was not fitted to, of each equation.
        hyper: The hypersolver.
        base: The name of the method that it corrects.
        steps: The numbers of steps that it was fitted for.
        rounds: How many times each solve is timed.
    """
    name = f"Hyper{base}"
    many = problems[0].starts.knots.shape[-1] > 2
    most = _MOST_EVALUATIONS * max(_evaluations(hyper.solver, n) for n in steps)
    plan: list[tuple[str, Any, int]] = [(name, hyper, n) for n in sorted(steps)]
    for method, solver in {base: hyper.solver, **CLASSICAL}.items():
        counts = _BETWEEN_ROWS if many else _COUNTS
        plan += [(method, solver, n) for n in counts if _evaluations(solver, n) <= most]
    exact = [p.equation.references(p.starts, 1) for p in problems]
    errors = [_errors(solver, n, problems, exact) for _, solver, n in plan]
    times = timed(
        {i: functools.partial(_solve_all, solver, n, problems) for i, (_, solver, n) in enumerate(plan)}, rounds
    )
    pieces = problems[0].starts.knots.shape[-1] - 1
    rows = [
        SolverError(
            method,
            n * pieces,
            len(problems) * _evaluations(solver.solver if isinstance(solver, Hyper) else solver, n * pieces),
            *error,
            1e3 * times[i],
        )
        for i, ((method, solver, n), error) in enumerate(zip(plan, errors, strict=True))
    ]
    return HypersolverReport(tuple(rows), name, len(problems[0].starts))


def timed(calls: Mapping[Any, Callable[[], Any]], rounds: int) -> dict[Any, float]:
    """The median wall time of each call in seconds, measured in turns; the first call of each does not count."""
    for call in calls.values():
        jax.block_until_ready(call())
    seconds: dict[Any, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            jax.block_until_ready(call())
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(each) for name, each in seconds.items()}


def _evaluations(solver: ExplicitRungeKutta, steps: int) -> int:
    """Of the vector field in a solve; a method whose last slope is the first of the next step saves one a step."""
    stages = solver.tableau.stages
    return steps * (stages - 1) + 1 if solver.tableau.fsal else steps * stages


def _errors(
    solver: ExplicitRungeKutta | Hyper, steps: int, problems: Sequence[Problems], exact: Sequence[PyTree[Array]]
) -> tuple[float, float]:
    """The mean absolute error, and the root of the mean square."""
    found = _solve_all(solver, steps, problems)
    errors = [jax.vmap(_difference)(ys, states) for ys, states in zip(found, exact, strict=True)]
    distances = jnp.concatenate([jnp.sum(error**2, axis=1) for error in errors])
    absolute = jnp.mean(jnp.stack([jnp.mean(jnp.abs(error)) for error in errors]))
    return float(absolute), float(jnp.sqrt(jnp.mean(distances)))


def _difference(ys: PyTree[Array], states: PyTree[Array]) -> Float[Array, " numbers"]:
    return to_numbers(jax.tree.map(lambda y, exact: y[-1] - exact[-1], ys, states))


def _solve_all(solver: ExplicitRungeKutta | Hyper, steps: int, problems: Sequence[Problems]) -> list[PyTree[Array]]:
    """The final states of all problems."""
    found = []
    for each in problems:
        traced = each.starts.knots.shape[-1] == 2
        found.append(_final(each.equation, each.starts, solver, jnp.asarray(steps) if traced else steps))
    return found


@eqx.filter_jit
def _final(equation: Equation, starts: Start, solver: ExplicitRungeKutta | Hyper, steps: int | Array) -> PyTree[Array]:
    return jax.vmap(lambda start: equation.solve(start, solver, steps, SaveAt(t1=True)).ys)(starts)
