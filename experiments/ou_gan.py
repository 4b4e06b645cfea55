"""A time-dependent Ornstein–Uhlenbeck process, learned by SDE-GANs, clipped or penalized, and by a kernel."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import optax

import nde
from nde.losses import RBFKernel, signature_kernel
from nde.models import SDEGAN, NeuralSDEGenerator, SignatureMMDLoss, WassersteinLoss
from nde.train import adversarial

_ROWS, _MU, _THETA, _SIGMA = 64, 0.02, 0.1, 0.4
_BLUE, _ORANGE, _GREEN, _GRAY = "#0b6e99", "#d1741f", "#3c8d40", "#777777"
_TIMES = np.arange(float(_ROWS))


def ornstein_uhlenbeck(seed: int, count: int) -> np.ndarray:
    """`dY = (mu t - theta Y) dt + sigma dW` at the times 0 to 63, by its exact transitions, from `Y(0)` in (-1, 1)."""
    random = np.random.default_rng(seed)
    decay, spread = np.exp(-_THETA), _SIGMA * np.sqrt((1 - np.exp(-2 * _THETA)) / (2 * _THETA))
    ys = [random.uniform(-1, 1, count)]
    for t in _TIMES[:-1]:
        pull = (1 - decay) / _THETA
        ys.append(decay * ys[-1] + _MU * (t * pull + (1 - pull) / _THETA) + spread * random.normal(size=count))
    return np.stack(ys, axis=1)[..., None]


@dataclasses.dataclass(frozen=True)
class Size:
    """How much is done.

    Attributes:
        series: How many train.
        batch: How many of them are in a step.
        steps: Of training.
        judged: How many are compared.
        seeds: Of weights, noise and data.
        timed: Series in a step that is timed.
    """

    series: int = 8192
    batch: int = 256
    steps: int = 1500
    judged: int = 2048
    seeds: int = 2
    timed: int = 1024


@dataclasses.dataclass(frozen=True)
class Variant:
    """A way to train.

    Attributes:
        name: For tables.
        model: From a key.
        loss: For `fit`.
        optimizer: For `fit`, of so many steps.
        color: In pictures.
    """

    name: str
    model: Callable[[Any], Any]
    loss: Any
    optimizer: Callable[[int], optax.GradientTransformation]
    color: str


_SIZES: dict[str, Any] = {"hidden_size": 16, "noise_size": 3, "width": 16, "scale": 4.0}
_KERNEL = functools.partial(signature_kernel, static=RBFKernel(0.5))


def _players(steps: int, clip: bool) -> optax.GradientTransformation:
    del steps
    slow, fast = optax.adam(1e-3, b1=0.0, b2=0.99), optax.adam(3e-3, b1=0.0, b2=0.99)
    return adversarial(slow, fast, initial=(2.0, 2.0), clip=clip)


VARIANTS = (
    Variant(
        "clipping, reversible Heun",
        lambda key: SDEGAN(1, **_SIZES, key=key),
        WassersteinLoss(),
        lambda steps: _players(steps, clip=True),
        _BLUE,
    ),
    Variant(
        "gradient penalty, midpoint",
        lambda key: SDEGAN(1, **_SIZES, solver=nde.Midpoint(), key=key),
        WassersteinLoss(penalty=10.0),
        lambda steps: _players(steps, clip=False),
        _ORANGE,
    ),
    Variant(
        "signature kernel",
        lambda key: NeuralSDEGenerator(1, **_SIZES, key=key),
        SignatureMMDLoss(kernel=_KERNEL),
        lambda steps: optax.adam(optax.cosine_decay_schedule(5e-3, steps, 0.01)),
        _GREEN,
    ),
)
