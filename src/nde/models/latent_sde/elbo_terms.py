"""The terms of an evidence lower bound."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from nde.core.types import RealScalar


class ELBOTerms(eqx.Module):
    """The terms of a sample of the evidence lower bound, of one or more series.

    Attributes:
        log_likelihood: The log-density of the observations, along a sample path of the posterior.
        kl_path: The KL divergence of the posterior of the path from its prior.
        kl_initial: The KL divergence of the posterior of the initial state from its prior.

    Example:
        ```python
        import jax.numpy as jnp
        from nde.models import ELBOTerms

        print(ELBOTerms(jnp.array(-3.0), jnp.array(0.5), jnp.array(0.2)).elbo())
        ```
    """

    log_likelihood: Float[Array, "*series"]
    kl_path: Float[Array, "*series"]
    kl_initial: Float[Array, "*series"]

    def elbo(self, weight: RealScalar = 1.0) -> Float[Array, "*series"]:
        """Return the log-likelihood minus the weighted KL divergences.

        Args:
            weight: The weight of the KL divergences; 1 for the evidence lower bound.
        """
        return self.log_likelihood - jnp.asarray(weight) * (self.kl_path + self.kl_initial)
