"""A latent SDE training step with torchsde and PyTorch's Adam."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from benchmarks.goal import Goal
from benchmarks.latent_sde import AGREEMENT, DT, LEARNING_RATE, SCALE, LatentEquation
from benchmarks.side import Ready
from benchmarks.timing import fastest


@dataclass(frozen=True)
class TorchLatentEquation:
    """The batch as one solve with `logqp=True`, to which torchsde adds the KL divergence; gradients are PyTorch's."""

    name: str = "torchsde"

    def installed(self) -> bool:
        """Whether both PyTorch and torchsde are installed."""
        return all(find_spec(module) for module in ("torch", "torchsde"))

    def start(self, problem: LatentEquation, goal: Goal, /) -> Ready:
        """Use all threads or one, whichever is faster."""
        counts = sorted({import_module("torch").get_num_threads(), 1})
        return fastest([_agreeing(self.name, _ready(problem, count), goal) for count in counts], runs=1)


TORCH_LATENT_EQUATION = TorchLatentEquation()


def _ready(problem: LatentEquation, threads: int) -> Ready:
    torch = import_module("torch")
    step = _training(problem)

    def run() -> Any:
        ordinary = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            return step()
        finally:
            torch.set_num_threads(ordinary)

    first = np.array([float(run())])
    return Ready(run, before=lambda: None, value=first, setting=f"{threads} thread" + "s" * (threads > 1), least=2)


def _agreeing(name: str, ready: Ready, goal: Goal) -> Ready:
    """Return the side unchanged if its first loss is correct.

    Raises:
        ValueError: If it is not, because the side computes something else.
    """
    distance = goal.distance(ready.value)
    if distance is not None and not distance <= AGREEMENT:
        raise ValueError(
            f"The first loss of {name} is {ready.value}, {distance:.1e} from {goal.reference}; expected at "
            f"most {AGREEMENT}. Its model, data or method must differ from the others'."
        )
    return ready


def _training(problem: LatentEquation) -> Callable[[], Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch = import_module("torch")
    model = _model(problem)
    ts, ys = (torch.tensor(x) for x in problem.series)
    rows = ys.transpose(0, 1).contiguous()
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)

    def step() -> Any:
        optimizer.zero_grad()
        loss = model(ts, rows)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def _model(problem: LatentEquation) -> Any:
    torch, torchsde = import_module("torch"), import_module("torchsde")
    nn, normal, divergence = torch.nn, torch.distributions.Normal, torch.distributions.kl_divergence

    class Model(nn.Module):
        noise_type, sde_type = "diagonal", "ito"

        def __init__(self) -> None:
            super().__init__()
            self.gru = _gru(problem)
            self.context, self.initial, self.decoder = (_layer(problem, x) for x in ("context", "initial", "decoder"))
            self.posterior, self.prior = _perceptron(problem, "f"), _perceptron(problem, "h")
            self.diffusion = nn.ModuleList(_component(problem, i) for i in range(problem.latent))
            self.mean, self.log_deviation = (nn.Parameter(torch.zeros(1, problem.latent)) for _ in range(2))

        def f(self, t: Any, z: Any) -> Any:
            row = min(int(torch.searchsorted(self.ts, t, right=True)), problem.times - 1)
            return self.posterior(torch.cat([z, self.contexts[row]], dim=1))

        def h(self, _t: Any, z: Any) -> Any:
            return self.prior(z)

        def g(self, _t: Any, z: Any) -> Any:
            columns = zip(self.diffusion, z.split(1, dim=1), strict=True)
            return torch.cat([network(column) for network, column in columns], dim=1)

        def solved(self, z0: Any, ts: Any) -> Any:
            options: dict[str, Any] = {"dt": DT, "logqp": True, "method": "euler"}
            return torchsde.sdeint(self, z0, ts, **options)

        def forward(self, ts: Any, rows: Any) -> Any:
            states, _ = self.gru(rows.flip(0))
            self.ts, self.contexts = ts, self.context(states).flip(0)
            mean, log_variance = self.initial(self.contexts[0]).chunk(2, dim=1)
            first = normal(mean, (0.5 * log_variance).exp())
            zs, path = self.solved(first.rsample(), ts)
            likelihood = normal(self.decoder(zs), SCALE).log_prob(rows).sum(dim=(0, 2))
            start = divergence(first, normal(self.mean, self.log_deviation.exp())).sum(dim=1)
            return (path.sum(dim=0) + start - likelihood).mean()

    return Model()


def _layer(problem: LatentEquation, name: str) -> Any:
    """A linear layer with the weights of the problem."""
    torch = import_module("torch")
    weight, bias = (torch.tensor(x) for x in problem.weights[name])
    made = torch.nn.Linear(*reversed(weight.shape))
    made.weight.data, made.bias.data = weight, bias
    return made


def _perceptron(problem: LatentEquation, name: str) -> Any:
    nn = import_module("torch").nn
    first, second, last = (_layer(problem, f"{name}{i}") for i in range(3))
    return nn.Sequential(first, nn.Softplus(), second, nn.Softplus(), last)


def _component(problem: LatentEquation, i: int) -> Any:
    nn = import_module("torch").nn
    return nn.Sequential(_layer(problem, f"g{i}_in"), nn.Softplus(), _layer(problem, f"g{i}_out"), nn.Sigmoid())


def _gru(problem: LatentEquation) -> Any:
    torch = import_module("torch")
    gru = torch.nn.GRU(problem.channels, problem.hidden)
    for kind, name in {"ih": "gru_in", "hh": "gru_state"}.items():
        for part, value in zip(("weight", "bias"), problem.weights[name], strict=True):
            getattr(gru, f"{part}_{kind}_l0").data = torch.tensor(value)
    return gru
