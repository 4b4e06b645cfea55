"""A GAN of time series."""

import equinox as eqx
import jax
from jaxtyping import Array, Float, Key, PRNGKeyArray

from nde.gradients import AbstractAdjoint, RecursiveCheckpointAdjoint
from nde.models.adversarial.discriminator import NeuralCDEDiscriminator
from nde.models.adversarial.generator import NeuralSDEGenerator
from nde.solvers import AbstractSolver, ReversibleHeun


class SDEGAN(eqx.Module):
    """A GAN of time series: a neural SDE generates series, and a neural CDE distinguishes them from real ones.

    Train it with `nde.train.fit`, `WassersteinLoss` and the optimizer `nde.train.adversarial`.

    Args:
        input_size: Number of channels.
        hidden_size: Size of both states.
        noise_size: Number of components of the Brownian motion.
        initial_noise_size: Number of normal variables that determine the initial state.
        width: Width of the hidden layers of all networks.
        depth: Number of their hidden layers.
        scale: Initial scale of the generator's drift.
        steps: Number of equal steps from each time to the next.
        solver: The solver of both.
        adjoint: How gradients are computed through both solves.
        key: A key of `jax.random` for the weights.

    Attributes:
        generator: The `NeuralSDEGenerator`.
        discriminator: The `NeuralCDEDiscriminator`.

    Source: Kidger, Foster, Li, Oberhauser and Lyons, *Neural SDEs as infinite-dimensional GANs* (2021),
    doi:10.48550/arXiv.2102.03657; Kidger, Foster, Li and Lyons, *Efficient and accurate gradients for neural SDEs*
    (2021), doi:10.48550/arXiv.2105.13493.

    Example:
        ```python
        import jax, jax.numpy as jnp
        import nde
        from nde.data import pad
        from nde.models import SDEGAN, WassersteinLoss
        from nde.train import adversarial, fit

        batch = pad(nde.TimeSeries.from_arrays([[0.0, 0.3, -0.2], [0.1, 0.0]]))
        gan = SDEGAN(input_size=1, hidden_size=4, noise_size=2, key=jax.random.key(0))
        gan = fit(gan, WassersteinLoss(), batch, adversarial(), steps=2, key=jax.random.key(1)).model
        print(gan.sample(jnp.linspace(0.0, 1.0, 5), key=jax.random.key(2)))
        ```
    """

    generator: NeuralSDEGenerator
    discriminator: NeuralCDEDiscriminator

    def __init__(
        self,
        input_size: int,
        hidden_size: int = 32,
        *,
        noise_size: int = 10,
        initial_noise_size: int = 5,
        width: int = 16,
        depth: int = 1,
        scale: float = 1.0,
        steps: int = 1,
        solver: AbstractSolver = ReversibleHeun(),
        adjoint: AbstractAdjoint = RecursiveCheckpointAdjoint(),
        key: PRNGKeyArray,
    ) -> None:
        first, second = jax.random.split(key)
        self.generator = NeuralSDEGenerator(
            input_size,
            hidden_size,
            noise_size=noise_size,
            initial_noise_size=initial_noise_size,
            width=width,
            depth=depth,
            scale=scale,
            steps=steps,
            solver=solver,
            adjoint=adjoint,
            key=first,
        )
        self.discriminator = NeuralCDEDiscriminator(
            input_size, hidden_size, width=width, depth=depth, solver=solver, adjoint=adjoint, key=second
        )

    def sample(self, ts: Float[Array, " time"], *, key: PRNGKeyArray) -> Float[Array, "time channels"]:
        """Generate a series.

        Args:
            ts: Increasing times; the series starts at the first.
            key: A key of `jax.random`.
        """
        return self.generator.sample(ts, key=key)

    def samples(
        self, ts: Float[Array, "series time"], keys: Key[Array, " series"]
    ) -> Float[Array, "series time channels"]:
        """Generate many series in one solve.

        Args:
            ts: Increasing times, with a row for each series.
            keys: Keys of `jax.random`, one for each series.
        """
        return self.generator.samples(ts, keys)
