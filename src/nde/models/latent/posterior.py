"""What is believed of a latent state."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray


class Posterior(eqx.Module):
    """A normal distribution with independent components.

    Attributes:
        mean: Of each component.
        log_variance: The logarithm of its variance.

    Source: Kingma and Welling, *Auto-encoding variational Bayes* (2014), doi:10.48550/arXiv.1312.6114.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        from nde.models import Posterior

        posterior = Posterior(mean=jnp.array([0.5, -1.0]), log_variance=jnp.zeros(2))
        print(posterior.sample(jax.random.key(0)), posterior.divergence())
        ```
    """

    mean: Float[Array, "*series latent"]
    log_variance: Float[Array, "*series latent"]

    def sample(self, key: PRNGKeyArray | None) -> Float[Array, "*series latent"]:
        """A draw that gradients pass through; without a key the mean."""
        if key is None:
            return self.mean
        noise = jax.random.normal(key, self.mean.shape, self.mean.dtype)
        return self.mean + jnp.exp(0.5 * self.log_variance) * noise

    def divergence(self, prior: "Posterior | None" = None) -> Float[Array, ""]:
        """That of Kullback and Leibler from another such distribution, by default from the standard normal one.

        Args:
            prior: The other.
        """
        if prior is None:
            return 0.5 * jnp.sum(self.mean**2 + jnp.exp(self.log_variance) - self.log_variance - 1.0)
        apart = self.log_variance - prior.log_variance
        distance = (self.mean - prior.mean) ** 2 * jnp.exp(-prior.log_variance)
        return 0.5 * jnp.sum(distance + jnp.exp(apart) - apart - 1.0)
