"""A generator and its discriminator."""

import equinox as eqx
import jax
from jaxtyping import Array, Float, Key, PRNGKeyArray

from nde.gradients import AbstractAdjoint, RecursiveCheckpointAdjoint
from nde.models.adversarial.discriminator import NeuralCDEDiscriminator
from nde.models.adversarial.generator import NeuralSDEGenerator
from nde.solvers import AbstractSolver, ReversibleHeun


class SDEGAN(eqx.Module):
    """A neural SDE that makes series, and a neural CDE that tells them from real ones: two players of one game.

    Train it by `nde.train.fit` with `WassersteinLoss` and the optimizer `nde.train.adversarial`.

    Args:
        input_size: How many channels a series has.
        hidden_size: Length of the states of both.
        noise_size: How many components the Brownian motion has.
        initial_noise_size: How many normal numbers the first state is made of.
        width: Width of the hidden layers of all networks.
        depth: Number of their hidden layers.
        scale: With what the scale of the generator's drift begins.
        steps: Into how many equal steps the generator divides the gap between two times.
        solver: The method of both.
        adjoint: How both solves are differentiated.
        key: Of `jax.random`, for the weights.

    Attributes:
        generator: A `NeuralSDEGenerator`.
        discriminator: A `NeuralCDEDiscriminator`.

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
        """One series of the generator.

        Args:
            ts: Increasing times; the law begins at the first of them.
            key: Of all that is random.
        """
        return self.generator.sample(ts, key=key)

    def samples(
        self, ts: Float[Array, "series time"], keys: Key[Array, " series"]
    ) -> Float[Array, "series time channels"]:
        """Many series of the generator, in one solve.

        Args:
            ts: Increasing times, a row for each series.
            keys: Of all that is random, one for each series.
        """
        return self.generator.samples(ts, keys)
