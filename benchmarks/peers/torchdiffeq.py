"""torchdiffeq: `dopri5` (it has no Tsit5), with gradients by PyTorch's autograd through the solve."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import jax
import numpy as np

from benchmarks.goal import Goal
from benchmarks.peers.equal_error import loosest
from benchmarks.problem import Problem
from benchmarks.side import Ready


@dataclass(frozen=True)
class TorchDiffEq:
    """The whole state as one solve; in a `vmap` problem, the batch is the leading axis of the state."""

    name: str = "torchdiffeq dopri5"

    def installed(self) -> bool:
        """Whether both PyTorch and torchdiffeq are installed."""
        return all(find_spec(module) for module in ("torch", "torchdiffeq"))

    def start(self, problem: Problem, goal: Goal, /) -> Ready:
        """Find the loosest tolerance that is as accurate as our side."""
        return loosest(partial(_at_tolerance, problem), problem.tolerance, goal)


TORCHDIFFEQ = TorchDiffEq()


def _at_tolerance(problem: Problem, tolerance: float) -> Ready:
    torch = import_module("torch")  # here, not above: slow to import, and not installed everywhere
    device = "cuda" if jax.default_backend() == "gpu" and torch.cuda.is_available() else "cpu"
    leaves, structure = jax.tree.flatten((problem.y0, problem.args))
    inputs = [torch.tensor(leaf, device=device, requires_grad=problem.loss is not None) for leaf in leaves]
    values = _values(problem, tolerance, *jax.tree.unflatten(structure, inputs))

    def compute() -> Any:
        if problem.loss is None:
            return values()
        return jax.tree.unflatten(structure, torch.autograd.grad(problem.loss(values()), inputs))

    def run() -> Any:
        result = compute()
        if device == "cuda":
            torch.cuda.synchronize()
        return result

    value = jax.tree.map(lambda leaf: np.asarray(leaf.detach().cpu()), run())
    return Ready(run, before=run, value=value, least=5)


def _values(problem: Problem, tolerance: float, y0: Any, args: Any) -> Callable[[], Any]:
    torch, odeint = import_module("torch"), import_module("torchdiffeq").odeint
    field = problem.field(torch)
    times = torch.tensor([0.0, problem.t1] if problem.ts is None else problem.ts, dtype=y0.dtype, device=y0.device)

    def values() -> Any:
        ys = odeint(
            lambda t, y: field(t, y, args),
            y0,
            times,
            rtol=tolerance,
            atol=tolerance,
            method="dopri5",
            options={"first_step": problem.dt0},
        )
        return ys[-1] if problem.ts is None else ys

    return values
