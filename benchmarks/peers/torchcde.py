"""torchcde, whose solver is torchdiffeq's."""

import warnings
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import jax
import numpy as np

from benchmarks.controlled import Controlled, field
from benchmarks.goal import Goal
from benchmarks.side import Ready
from benchmarks.timing import fastest


@dataclass(frozen=True)
class TorchCDE:
    """A batch along cubic Hermite paths, by the classic Runge–Kutta method of order 4: it has no fixed-step Tsit5.

    It takes as many steps from knot to knot as it needs to be as accurate as ours.
    """

    name: str = "torchcde, rk4"

    def installed(self) -> bool:
        """Whether both PyTorch and torchcde are installed."""
        return all(find_spec(module) for module in ("torch", "torchcde"))

    def start(self, problem: Controlled, goal: Goal, /) -> Ready:
        """Use PyTorch's gradient through the solve or the adjoint equation, whichever is faster."""
        steps = next(n for n in range(1, MOST + 1) if n == MOST or self._suffices(problem, goal, n))
        ways = (False, True) if problem.gradient else (False,)
        return fastest([_ready(problem, adjoint, steps) for adjoint in ways], runs=1)

    def _suffices(self, problem: Controlled, goal: Goal, steps: int) -> bool:
        """Whether this many steps from knot to knot are enough."""
        error = goal.distance(_ready(problem, False, steps).value)
        return error is None or goal.error is None or error <= SLACK * goal.error


TORCHCDE = TorchCDE()
MOST = 6
"""Maximum number of steps from knot to knot."""
SLACK = 2.0
"""How much larger its error may be, because the number of steps is an integer."""


def _ready(problem: Controlled, adjoint: bool, steps: int) -> Ready:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch, torchcde = import_module("torch"), import_module("torchcde")
    leaves, structure = jax.tree.flatten(problem.args)
    inputs = [torch.nn.Parameter(torch.tensor(leaf)) for leaf in leaves]
    args = jax.tree.unflatten(structure, inputs)
    vector_field = field(torch, torch.nn.functional.softplus)

    class Field(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weights = torch.nn.ParameterList(inputs)

        def forward(self, t: Any, z: Any) -> Any:
            return vector_field(t, z, args)

    series, ts = torch.tensor(problem.xs), torch.tensor(problem.ts)
    path = torchcde.CubicSpline(torchcde.hermite_cubic_coefficients_with_backward_differences(series, ts), ts)
    equation, size = Field(), float(problem.ts[1] - problem.ts[0]) / steps
    options = {"method": "rk4", "options": {"step_size": size}}

    def final() -> Any:
        z0 = series[:, 0] @ args["first"]
        return torchcde.cdeint(path, equation, z0, path.interval, adjoint=adjoint, **options)[:, -1]

    def run() -> Any:
        if not problem.gradient:
            with torch.no_grad():
                return final()
        return torch.autograd.grad((final() ** 2).sum(), inputs)

    value = jax.tree.map(lambda leaf: np.asarray(leaf.detach()), run())
    value = dict(zip(sorted(problem.args), value, strict=True)) if problem.gradient else value
    setting = f"{steps} a knot" + ((", adjoint" if adjoint else ", autograd") if problem.gradient else "")
    return Ready(run, before=lambda: None, value=value, setting=setting, least=3)
