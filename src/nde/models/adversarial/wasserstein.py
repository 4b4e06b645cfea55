"""The game of a generator against a discriminator, as one loss."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from nde.core.compiled import compiled
from nde.data import Batch
from nde.gradients import DirectAdjoint
from nde.models.adversarial.gan import SDEGAN
from nde.models.adversarial.observing import observed_alike, weighted_mean


class WassersteinLoss(eqx.Module):
    """The mean score of real series minus that of generated ones, of which `nde.train.fit` takes the mean over a batch.

    The generator makes it small and the discriminator makes it large: `nde.train.adversarial` makes one descend and the
    other ascend on the same gradient. While the discriminator's Lipschitz constant is bounded it is a distance between
    the laws, apart from a factor.

    Generated series have the times of the real ones, and what was not observed of these is taken from those as well:
    the discriminator sees both alike.

    With `penalty > 0` it does not ask for clipped weights but takes from the loss `penalty` times the mean of
    `(|dD/dY| - 1)^2` on random mixtures of real and generated series, which acts on the discriminator alone. Its
    gradient goes in reverse through a gradient in reverse, so that solve is made with `nde.DirectAdjoint`; choose
    `nde.Midpoint` as the model's solver.

    Attributes:
        penalty: The factor of the gradient penalty; zero for none.

    Source: Kidger, Foster, Li, Oberhauser and Lyons, *Neural SDEs as infinite-dimensional GANs* (2021),
    doi:10.48550/arXiv.2102.03657; the penalty: Gulrajani, Ahmed, Arjovsky, Dumoulin and Courville, *Improved training
    of Wasserstein GANs* (2017), doi:10.48550/arXiv.1704.00028.

    Example:
        ```python
        import jax
        import nde
        from nde.data import pad
        from nde.models import SDEGAN, WassersteinLoss

        batch = pad(nde.TimeSeries.from_arrays([[0.0, 0.3, -0.2], [0.1, 0.0]]))
        gan = SDEGAN(input_size=1, hidden_size=4, noise_size=2, key=jax.random.key(0))
        print(WassersteinLoss()(gan, batch, jax.random.key(1)))
        ```
    """

    penalty: float = eqx.field(default=0.0, static=True)

    def __check_init__(self) -> None:
        if not self.penalty >= 0:
            raise ValueError(f"Got penalty={self.penalty}; a number that is not negative is wanted.")

    @compiled(solves=True)
    def __call__(self, model: SDEGAN, batch: Batch, key: PRNGKeyArray) -> tuple[Float[Array, ""], dict[str, Array]]:
        """The loss of a batch, and what it is made of.

        Args:
            model: Both players.
            batch: Real series.
            key: Of the generated ones.
        """
        drawn, mixed = jax.random.split(key)
        made = observed_alike(batch, model.generator.samples(batch.ts, jax.random.split(drawn, batch.ts.shape[0])))
        # Both in one solve: it is compiled once, and its overhead is paid once.
        both = model.discriminator.scores(
            jnp.concatenate([batch.ts, batch.ts]),
            jnp.concatenate([batch.ys, made]),
            jnp.concatenate([batch.lengths, batch.lengths]),
        )
        real, generated = (weighted_mean(scores, batch.weights) for scores in jnp.split(both, 2))
        distance = real - generated
        told = {"real": real, "generated": generated}
        if not self.penalty:
            return distance, told
        penalty = gradient_penalty(model, batch, jax.lax.stop_gradient(made), mixed)
        return distance - self.penalty * penalty, {**told, "distance": distance, "penalty": penalty}


def gradient_penalty(
    model: SDEGAN, batch: Batch, made: Float[Array, "series time channels"], key: PRNGKeyArray
) -> Float[Array, ""]:
    """The mean of `(|dD/dY| - 1)^2` on mixtures of real and generated series, by the values that were observed."""
    share = jax.random.uniform(key, (batch.ts.shape[0], 1, 1), batch.ys.dtype)
    mixed = share * batch.ys + (1 - share) * made

    def total(ys: Array) -> Array:
        return jnp.sum(model.discriminator.scores(batch.ts, ys, batch.lengths, DirectAdjoint()))

    slopes = jax.grad(total)(mixed)
    # The root has no slope at zero, where a discriminator may begin.
    norms = jnp.sqrt(jnp.sum(slopes**2, axis=(1, 2)) + 1e-12)
    return weighted_mean((norms - 1) ** 2, batch.weights)
