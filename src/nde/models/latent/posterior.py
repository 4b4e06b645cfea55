"""Normal distributions of latent variables."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray


class Posterior(eqx.Module):
    """A normal distribution with independent components.

    Attributes:
        mean: The mean of each component.
        log_variance: The logarithm of the variance of each component.

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
        """Sample with the reparameterization trick; without a key, return the mean."""
        if key is None:
            return self.mean
        noise = jax.random.normal(key, self.mean.shape, self.mean.dtype)
        return self.mean + jnp.exp(0.5 * self.log_variance) * noise

    def divergence(self, prior: "Posterior | None" = None) -> Float[Array, ""]:
        """Return the KL divergence from another normal distribution, by default the standard normal.

        Args:
            prior: The other distribution.
        """
        if prior is None:
            return 0.5 * jnp.sum(self.mean**2 + jnp.exp(self.log_variance) - self.log_variance - 1.0)
        log_ratio = self.log_variance - prior.log_variance
        distance = (self.mean - prior.mean) ** 2 * jnp.exp(-prior.log_variance)
        return 0.5 * jnp.sum(distance + jnp.exp(log_ratio) - log_ratio - 1.0)
