"""The parts of an evidence lower bound."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from nde.core.types import RealScalar


class Bound(eqx.Module):
    """A sample of the evidence lower bound of a series, or of some.

    Attributes:
        log_likelihood: The log density of what was observed, along a path of the posterior.
        kl_path: The divergence of that path's law from the prior's.
        kl_initial: The divergence of the law of the first state from the prior's.

    Example:
        ```python
        import jax.numpy as jnp
        from nde.models import Bound

        print(Bound(jnp.array(-3.0), jnp.array(0.5), jnp.array(0.2)).elbo())
        ```
    """

    log_likelihood: Float[Array, "*series"]
    kl_path: Float[Array, "*series"]
    kl_initial: Float[Array, "*series"]

    def elbo(self, weight: RealScalar = 1.0) -> Float[Array, "*series"]:
        """The log likelihood less the divergences times a weight.

        Args:
            weight: Of the divergences; 1 for the bound.
        """
        return self.log_likelihood - jnp.asarray(weight) * (self.kl_path + self.kl_initial)
