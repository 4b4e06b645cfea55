"""torchsde, with its default Brownian interval."""

import math
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import jax
import numpy as np

from benchmarks.goal import Goal
from benchmarks.problem import Problem
from benchmarks.side import Ready
from benchmarks.timing import fastest

METHODS = {"Euler": ("euler", "ito"), "Heun": ("heun", "stratonovich")}
REVERSIBLE = ("reversible_heun", "stratonovich")


@dataclass(frozen=True)
class TorchSDE:
    """Constant steps and diagonal noise; the state is a batch of vectors.

    Args:
        name: its name in the table.
        binary: whether to take the same number of steps over a slightly shorter time, so that the step size is a power
            of two. With rounded times, its Brownian interval creates intervals as short as roundoff and is very slow.
    """

    name: str = "torchsde"
    binary: bool = False

    def installed(self) -> bool:
        """Whether both PyTorch and torchsde are installed."""
        return all(find_spec(module) for module in ("torch", "torchsde"))

    def start(self, problem: Problem, _goal: Goal, /) -> Ready:
        """Use PyTorch's gradient through the solve or, if reversible, torchsde's own adjoint, whichever is faster."""
        reversible = problem.method == "ReversibleHeun"
        ways = ("autograd", "adjoint") if reversible and problem.loss is not None else ("autograd",)
        return fastest([_ready(_in_binary(problem) if self.binary else problem, way) for way in ways], runs=1)


TORCHSDE, TORCHSDE_BINARY = TorchSDE(), TorchSDE("torchsde, steps of 1/128", binary=True)


def _in_binary(problem: Problem) -> Problem:
    dt = 2.0 ** -math.ceil(math.log2(problem.max_steps))
    return replace(problem, dt0=dt, t1=problem.max_steps * dt)


def _ready(problem: Problem, way: str) -> Ready:
    torch, torchsde = import_module("torch"), import_module("torchsde")
    leaves, structure = jax.tree.flatten((problem.y0, problem.args))
    inputs = [torch.tensor(leaf, requires_grad=problem.loss is not None) for leaf in leaves]
    y0, args = jax.tree.unflatten(structure, inputs)
    method, calculus = METHODS.get(problem.method, REVERSIBLE)
    equation = _equation(problem, args, calculus)
    times = torch.tensor([0.0, problem.t1] if problem.ts is None else problem.ts, dtype=y0.dtype)
    options: dict[str, Any] = {"method": method, "dt": problem.dt0}

    def values() -> Any:
        if way == "adjoint":
            backward = {"adjoint_method": "adjoint_reversible_heun", "adjoint_params": tuple(inputs[1:])}
            ys = torchsde.sdeint_adjoint(equation, y0, times, **options, **backward)
        else:
            ys = torchsde.sdeint(equation, y0, times, **options)
        return ys[-1] if problem.ts is None else ys

    def run() -> Any:
        if problem.loss is None:
            with torch.no_grad():
                return values()
        return torch.autograd.grad(problem.loss(values()), inputs)

    value = jax.tree.map(lambda leaf: np.asarray(leaf.detach()), run())
    return Ready(run, before=lambda: None, value=value, setting="" if problem.loss is None else way, least=5)


def _equation(problem: Problem, args: Any, calculus: str) -> Any:
    """Drift and diffusion in torchsde's interface."""
    torch = import_module("torch")
    assert problem.noise is not None
    drift, diffusion = problem.field(torch), problem.noise.diffusion(torch)

    class Equation(torch.nn.Module):
        noise_type, sde_type = "diagonal", calculus

        def f(self, t: Any, y: Any) -> Any:
            return drift(t, y, args)

        def g(self, t: Any, y: Any) -> Any:
            return diffusion(t, y, args)

    return Equation()
