"""A classifier training step with torchcde, whose solver is torchdiffeq's, and PyTorch's Adam."""

import warnings
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from benchmarks.classifier import LEARNING_RATE, LOSSES, Classifier, agreeing, stacked
from benchmarks.goal import Goal
from benchmarks.side import Ready
from benchmarks.timing import fastest


@dataclass(frozen=True)
class TorchClassifier:
    """The whole batch as one solve by Heun's method, one step from knot to knot.

    A batch shares its knots 0, 1, 2, … as torchcde advises, because the final state does not depend on the speed along
    the path. PyTorch differentiates through the solve.
    """

    name: str = "torchcde, heun2"

    def installed(self) -> bool:
        """Whether both PyTorch and torchcde are installed."""
        return all(find_spec(module) for module in ("torch", "torchcde"))

    def start(self, problem: Classifier, goal: Goal, /) -> Ready:
        """Use all threads or one, whichever is faster: for small matrices, more threads can be slower."""
        counts = sorted({import_module("torch").get_num_threads(), 1}, reverse=True)
        return fastest([agreeing(self.name, _ready(problem, count), goal) for count in counts], runs=3)


TORCH_CLASSIFIER = TorchClassifier()
OPTIONS = {"step_size": 1.0, "perturb": True}
"""Steps from knot to knot; each takes the derivatives from inside, not from the previous interval."""


def _ready(problem: Classifier, threads: int) -> Ready:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch, torchcde = import_module("torch"), import_module("torchcde")
    nn = torch.nn

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.initial, hidden, out, self.readout = (_linear(nn, *each) for each in problem.weights.values())
            self.network = nn.Sequential(hidden, nn.Softplus(), out, nn.Tanh())

        def matrix(self, _t: Any, z: Any) -> Any:
            return self.network(z).view(*z.shape, -1)

        def forward(self, ys: Any) -> Any:
            path = torchcde.LinearInterpolation(ys)
            settings = {"adjoint": False, "method": "heun2", "options": OPTIONS}
            states = torchcde.cdeint(path, self.matrix, self.initial(ys[:, 0]), path.interval, **settings)
            return self.readout(states[:, -1])

    model, (ys, labels) = Model(), (torch.tensor(x) for x in problem.series[1:])
    coefficients, labels = torchcde.linear_interpolation_coeffs(ys), labels.long()
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)

    def step() -> Any:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(coefficients), labels)
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


def _linear(nn: Any, weight: Any, bias: Any) -> Any:
    """A layer with these weights."""
    torch, layer = import_module("torch"), nn.Linear(*reversed(weight.shape))
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(weight))
        layer.bias.copy_(torch.tensor(bias))
    return layer
