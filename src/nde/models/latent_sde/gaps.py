"""The stretches of time that latent paths are made of."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float


class Gaps(eqx.Module):
    """Stretches of some series from one time to the next; gaps come first, so that a scan takes one of all series.

    Attributes:
        starts: When each begins.
        ends: When it ends.
        seen: What the posterior's drift sees of the context in each; `None` for the prior.
        known: Whether there is a context, or no row comes after; `None` if there always is.
    """

    starts: Float[Array, "*gaps"]
    ends: Float[Array, "*gaps"]
    seen: Float[Array, "*gaps width"] | None = None
    known: Bool[Array, "*gaps"] | None = None

    @classmethod
    def between(
        cls,
        ts: Float[Array, "series times"],
        seen: Float[Array, "series gaps width"] | None = None,
        known: Bool[Array, "series gaps"] | None = None,
    ) -> "Gaps":
        """Those between times that do not go back, with what is seen in each."""
        starts, ends, seen, known = jax.tree.map(lambda x: jnp.moveaxis(x, 1, 0), (ts[:, :-1], ts[:, 1:], seen, known))
        return cls(starts, ends, seen, known)

    @property
    def lengths(self) -> Float[Array, "*gaps"]:
        """How long each lasts; zero in the padding."""
        return self.ends - self.starts

    @property
    def roots(self) -> Float[Array, "*gaps"]:
        """Their square roots; that of zero with no derivative."""
        positive = self.lengths > 0
        return jnp.where(positive, jnp.sqrt(jnp.where(positive, self.lengths, 1.0)), 0.0)
