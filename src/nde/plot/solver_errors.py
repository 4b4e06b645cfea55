"""Plot of the errors of solvers by their cost."""

import dataclasses
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nde.plot.checks import check_lengths, check_some
from nde.plot.style import COLORS, INK, STYLES, grid_figure


@dataclasses.dataclass(frozen=True)
class SolverErrors:
    """The errors of one solver for `plot_solver_errors`.

    Attributes:
        name: Its name.
        evaluations: Numbers of evaluations of the vector field, one for each number of steps.
        milliseconds: Wall time of each.
        errors: The error of each.

    Raises:
        ValueError: If there are none, or lengths differ.

    Example:
        See `plot_solver_errors`.
    """

    name: str
    evaluations: Sequence[int]
    milliseconds: Sequence[float]
    errors: Sequence[float]

    def __post_init__(self) -> None:
        check_some("errors", self.errors)
        check_lengths(evaluations=self.evaluations, milliseconds=self.milliseconds, errors=self.errors)


def plot_solver_errors(problems: Mapping[str, Sequence[SolverErrors]]) -> Figure:
    """Plot errors against evaluations of the vector field, and against wall time, one row of panels for each problem.

    The first solver is drawn with a thicker line.

    Args:
        problems: The solvers of each problem, by its title.

    Returns:
        The figure.

    Raises:
        ValueError: If there is no problem, or one without solvers.

    Example:
        ```python
        from nde.plot import SolverErrors, plot_solver_errors

        hyper = SolverErrors("HyperHeun", [4], [1.0], [1e-3])
        heun = SolverErrors("Heun", [2, 4, 8], [0.4, 0.8, 1.6], [0.3, 0.1, 0.02])
        plot_solver_errors({"two moons": [hyper, heun]}).savefig("errors.png")
        ```
    """
    check_some("problems", list(problems))
    figure, rows = grid_figure(9.0, 0.9 + 2.5 * len(problems), len(problems), 2)
    for (title, solvers), (left, right) in zip(problems.items(), rows, strict=True):
        check_some("solvers", solvers)
        for place, solver in enumerate(solvers):
            _draw(left, solver.evaluations, solver, place)
            _draw(right, solver.milliseconds, solver, place)
        left.set_ylabel(f"{title}\nerror" if title else "error", color=INK)
    left, right = rows[-1]
    left.set_xlabel("evaluations of the vector field", color=INK)
    right.set_xlabel("wall time, ms", color=INK)
    rows[0][1].legend(frameon=False, fontsize=8.5, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def _draw(axes: Axes, cost: Sequence[float], solver: SolverErrors, place: int) -> None:
    """One line, or a mark where there is a single number of steps."""
    first = place == 0
    axes.loglog(
        cost,
        solver.errors,
        marker="*" if first else "o",
        markersize=11 if first else 3,
        linestyle=STYLES[place // len(COLORS) % len(STYLES)],
        linewidth=2.2 if first else 1.2,
        color=COLORS[1] if first else ([COLORS[0], *COLORS[2:], INK])[(place - 1) % len(COLORS)],
        label=solver.name,
        zorder=3 if first else 2,
    )
