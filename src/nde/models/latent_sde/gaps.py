"""The time intervals over which latent paths are solved."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float


class Gaps(eqx.Module):
    """Intervals from one time to the next, of several series.

    The leading axis is that of gaps, so that a scan takes one gap of all series at a time.

    Attributes:
        starts: The start times.
        ends: The end times.
        embedding: The embedding of the context in each gap, for the posterior's drift; `None` for the prior.
        known: Whether there is a context: false after the last row. `None` if there is one in every gap.
    """

    starts: Float[Array, "*gaps"]
    ends: Float[Array, "*gaps"]
    embedding: Float[Array, "*gaps width"] | None = None
    known: Bool[Array, "*gaps"] | None = None

    @classmethod
    def between(
        cls,
        ts: Float[Array, "series times"],
        embedding: Float[Array, "series gaps width"] | None = None,
        known: Bool[Array, "series gaps"] | None = None,
    ) -> "Gaps":
        """Return the gaps between non-decreasing times."""
        fields = (ts[:, :-1], ts[:, 1:], embedding, known)
        return cls(*jax.tree.map(lambda x: jnp.moveaxis(x, 1, 0), fields))

    @property
    def lengths(self) -> Float[Array, "*gaps"]:
        """The length of each gap; zero in the padding."""
        return self.ends - self.starts

    @property
    def roots(self) -> Float[Array, "*gaps"]:
        """The square roots of the lengths, with a zero derivative at zero."""
        positive = self.lengths > 0
        return jnp.where(positive, jnp.sqrt(jnp.where(positive, self.lengths, 1.0)), 0.0)
