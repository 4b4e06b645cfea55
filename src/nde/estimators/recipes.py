"""How each model that generates series is made and trained."""

import abc
import functools
from typing import Any

import equinox as eqx
import optax
from jaxtyping import Array

from nde.data import Loader
from nde.losses import RBFKernel, signature_kernel
from nde.models import ELBO, SDEGAN, LatentSDE, NeuralSDEGenerator, SignatureMMDLoss, WassersteinLoss
from nde.models.registry import GENERATORS
from nde.train import Annealed, StochasticWeightAverage, adam, adversarial


class AbstractRecipe(abc.ABC):
    """How a model that generates series is made and trained.

    Attributes:
        loss_note: What the loss is, in a sentence.
        steps: The usual number of training steps.
        batch_size: The usual number of series in a step.
        span: How long the longest series lasts, as the model sees it; `None` if its unit of time is that in which a
            series forgets where it was.
    """

    loss_note: str
    steps: int
    batch_size: int = 128
    span: float | None = 1.0

    @abc.abstractmethod
    def model(self, channels: int, hidden_size: int, width: int, key: Array) -> Any:
        """The model with random weights."""

    @abc.abstractmethod
    def loss(self) -> Any:
        """What it is trained by, for `nde.train.fit`."""

    @abc.abstractmethod
    def optimizer(self, steps: int, speed: float) -> optax.GradientTransformation:
        """For so many steps, with a multiple of the usual learning rate."""

    def data(self, loader: Loader, steps: int) -> Any:
        """The batches for so many steps."""
        del steps
        return loader

    def average(self, steps: int) -> Any:
        """How weights are averaged; by default not."""
        del steps


class _Latent(AbstractRecipe):
    """The divergence is let in over the first third of the steps.

    Four steps of the solver from row to row, for what noise does in the last of them no drift can steer, and it is
    taken for errors. In a unit of time in which states move by about their own size, networks as they start are of the
    size that is wanted.
    """

    loss_note = "The loss is minus a lower bound of the log-likelihood of the data; the last weights were kept."
    steps = 4000
    batch_size = 64
    span = None

    def model(self, channels: int, hidden_size: int, width: int, key: Array) -> LatentSDE:
        return LatentSDE(
            channels,
            max(4, 2 * channels),
            2 * hidden_size,
            context_size=hidden_size,
            width=width,
            substeps=4,
            key=key,
        )

    def loss(self) -> ELBO:
        return ELBO()

    def optimizer(self, steps: int, speed: float) -> optax.GradientTransformation:
        return adam(1e-2 * speed, steps=steps)

    def data(self, loader: Loader, steps: int) -> Any:
        return Annealed(loader, max(1, steps // 3))


class _Adversarial(AbstractRecipe):
    """A clipped discriminator sees what takes a time of one: in a longer span it sees more of how rough a path is."""

    loss_note = (
        "The loss is the mean score of real series less that of generated ones: it need not fall, for two players pull "
        "at it."
    )
    steps = 5000
    span = 6.0

    def model(self, channels: int, hidden_size: int, width: int, key: Array) -> SDEGAN:
        return SDEGAN(channels, hidden_size, width=width, key=key)

    def loss(self) -> WassersteinLoss:
        return WassersteinLoss()

    def optimizer(self, steps: int, speed: float) -> optax.GradientTransformation:
        rates = (optax.cosine_decay_schedule(rate * speed, steps, 0.02) for rate in (1e-3, 1e-2))
        return adversarial(*(optax.adam(rate, b1=0.0, b2=0.99) for rate in rates))

    def average(self, steps: int) -> StochasticWeightAverage:
        return StochasticWeightAverage(steps // 2)


class _Kernel(AbstractRecipe):
    """All pairs of a batch are compared, so batches are small.

    The kernel sees time as a share of the longest series, and lifts values by a bounded kernel: that of the values
    themselves grows with the exponential of paths' lengths, until it overflows.
    """

    loss_note = (
        "The loss is the discrepancy of generated from real series, in each training step of other series, so it is "
        "noisy."
    )
    steps = 1000
    batch_size = 32
    span: float = 6.0

    def model(self, channels: int, hidden_size: int, width: int, key: Array) -> NeuralSDEGenerator:
        return NeuralSDEGenerator(channels, hidden_size, width=width, key=key)

    def loss(self) -> SignatureMMDLoss:
        kernel = functools.partial(signature_kernel, static=RBFKernel(1.0))
        return SignatureMMDLoss(kernel, time_scale=1 / self.span)

    def optimizer(self, steps: int, speed: float) -> optax.GradientTransformation:
        return adam(3e-3 * speed, steps=steps)


_RECIPES: dict[type[eqx.Module], AbstractRecipe] = {
    LatentSDE: _Latent(),
    SDEGAN: _Adversarial(),
    NeuralSDEGenerator: _Kernel(),
}


def recipe_of(name: str) -> AbstractRecipe:
    """The recipe of a model.

    Args:
        name: Its name in `nde.models.registry.GENERATORS`.

    Raises:
        ValueError: If there is no such model.
    """
    if name not in GENERATORS:
        raise ValueError(f"model must be one of {', '.join(GENERATORS)}; got {name!r}.")
    return _RECIPES[GENERATORS[name]]
