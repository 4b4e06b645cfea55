"""The loss of an SDE-GAN."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from nde.core.compiled import compiled
from nde.data import Batch
from nde.gradients import DirectAdjoint
from nde.models.adversarial.gan import SDEGAN
from nde.models.adversarial.observations import mask_like, weighted_mean


class WassersteinLoss(eqx.Module):
    """The Wasserstein loss of an `SDEGAN`, for `nde.train.fit`.

    It is the mean score of real series minus that of generated ones.

    The generator minimizes the loss and the discriminator maximizes it: with `nde.train.adversarial`, one descends and
    the other ascends on the same gradient. If the Lipschitz constant of the discriminator is bounded, its maximum is
    the Wasserstein distance between the distributions, up to a factor.

    Generated series have the times and the missing values of the real ones, so the discriminator sees both alike.

    With `penalty > 0`, weights need not be clipped. The loss then subtracts `penalty` times the mean of `(|dD/dY| -
    1)^2` on random mixtures of real and generated series, which affects only the discriminator. Its gradient
    differentiates through a reverse-mode gradient, so this solve uses `nde.DirectAdjoint`; choose `nde.Midpoint` as the
    solver of the model.

    Attributes:
        penalty: The weight of the gradient penalty; 0 for none.

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
            raise ValueError(f"penalty must be non-negative; got {self.penalty}.")

    @compiled(solves=True)
    def __call__(self, model: SDEGAN, batch: Batch, key: PRNGKeyArray) -> tuple[Float[Array, ""], dict[str, Array]]:
        """Compute the loss of a batch, and its parts.

        Args:
            model: The GAN.
            batch: Real series.
            key: A key of `jax.random` for the generated series.
        """
        sample_key, mixture_key = jax.random.split(key)
        keys = jax.random.split(sample_key, batch.ts.shape[0])
        samples = mask_like(batch, model.generator.samples(batch.ts, keys))
        # One solve for both: it compiles once, and pays its overhead once.
        both = model.discriminator.scores(
            jnp.concatenate([batch.ts, batch.ts]),
            jnp.concatenate([batch.ys, samples]),
            jnp.concatenate([batch.lengths, batch.lengths]),
        )
        real, generated = (weighted_mean(scores, batch.weights) for scores in jnp.split(both, 2))
        distance = real - generated
        metrics = {"real": real, "generated": generated}
        if not self.penalty:
            return distance, metrics
        penalty = gradient_penalty(model, batch, jax.lax.stop_gradient(samples), mixture_key)
        return distance - self.penalty * penalty, {**metrics, "distance": distance, "penalty": penalty}


def gradient_penalty(
    model: SDEGAN, batch: Batch, generated: Float[Array, "series time channels"], key: PRNGKeyArray
) -> Float[Array, ""]:
    """Return the mean of `(|dD/dY| - 1)^2` on mixtures of real and generated series, over the observed values."""
    share = jax.random.uniform(key, (batch.ts.shape[0], 1, 1), batch.ys.dtype)
    mixtures = share * batch.ys + (1 - share) * generated

    def total(ys: Array) -> Array:
        return jnp.sum(model.discriminator.scores(batch.ts, ys, batch.lengths, DirectAdjoint()))

    gradients = jax.grad(total)(mixtures)
    # The square root is not differentiable at zero, where a discriminator may start.
    norms = jnp.sqrt(jnp.sum(gradients**2, axis=(1, 2)) + 1e-12)
    return weighted_mean((norms - 1) ** 2, batch.weights)
