"""A training step of a deep equilibrium model by torchdeq, with PyTorch's Adam."""

import warnings
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from benchmarks.classifier import LEARNING_RATE, LOSSES, agreeing, stacked
from benchmarks.equilibrium import Equilibrium
from benchmarks.goal import Goal
from benchmarks.side import Ready
from benchmarks.timing import fastest

_NEVER = 1e-30
"""A tolerance that no iteration reaches."""


@dataclass(frozen=True)
class TorchDEQ:
    """Anderson's method in both passes, and the implicit function theorem."""

    name: str = "torchdeq"

    def installed(self) -> bool:
        """Whether both PyTorch and torchdeq are installed."""
        return all(find_spec(module) for module in ("torch", "torchdeq"))

    def start(self, problem: Equilibrium, goal: Goal, /) -> Ready:
        """Use all threads or one, whichever is faster."""
        counts = sorted({import_module("torch").get_num_threads(), 1}, reverse=True)
        return fastest([agreeing(self.name, _ready(problem, count), goal) for count in counts], runs=3)


TORCHDEQ = TorchDEQ()


def _ready(problem: Equilibrium, threads: int) -> Ready:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch, torchdeq = import_module("torch"), import_module("torchdeq")
    encoder, recurrent, decoder = layers = [_linear(torch, *each) for each in problem.weights.values()]
    limits = {"f_max_iter": problem.evaluations, "b_max_iter": problem.evaluations, "f_tol": _NEVER, "b_tol": _NEVER}
    deq = torchdeq.get_deq(f_solver="anderson", b_solver="anderson", ift=True, **limits)
    optimizer = torch.optim.Adam([p for layer in layers for p in layer.parameters()], lr=LEARNING_RATE)
    xs, labels = (torch.tensor(each) for each in problem.data)
    labels = labels.long()

    def step() -> Any:
        optimizer.zero_grad()
        u = encoder(xs)
        found, _ = deq(lambda z: torch.tanh(recurrent(z) + u), torch.zeros_like(u))
        loss = torch.nn.functional.cross_entropy(decoder(found[-1]), labels)
        loss.backward()
        optimizer.step()
        return loss.detach()

    def run() -> Any:
        ordinary = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            return step()
        finally:
            torch.set_num_threads(ordinary)

    losses = stacked([run() for _ in range(LOSSES)])
    return Ready(run, before=run, value=losses, setting=f"{threads} thread" + "s" * (threads > 1), least=5)


def _linear(torch: Any, weight: Any, bias: Any = None) -> Any:
    """A layer with these weights."""
    layer = torch.nn.Linear(*reversed(weight.shape), bias=bias is not None)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(weight))
        if bias is not None:
            layer.bias.copy_(torch.tensor(bias))
    return layer
