"""The stretches of time that latent paths are made of."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key, PRNGKeyArray


class Gaps(eqx.Module):
    """Stretches of some series from one time to the next; gaps come first, so that a scan takes one of all series.

    Attributes:
        starts: When each begins.
        ends: When it ends.
        keys: Of the noise of each, which all series share.
        seen: What the posterior's drift sees of the context in each; `None` for the prior.
        known: Whether there is a context, or no row comes after; `None` if there always is.
    """

    starts: Float[Array, "*gaps"]
    ends: Float[Array, "*gaps"]
    keys: Key[Array, "*gap"]
    seen: Float[Array, "*gaps width"] | None = None
    known: Bool[Array, "*gaps"] | None = None

    @classmethod
    def between(
        cls,
        ts: Float[Array, "series times"],
        key: PRNGKeyArray,
        seen: Float[Array, "series gaps width"] | None = None,
        known: Bool[Array, "series gaps"] | None = None,
    ) -> "Gaps":
        """Those between times that do not go back, with what is seen in each."""
        starts, ends, seen, known = jax.tree.map(lambda x: jnp.moveaxis(x, 1, 0), (ts[:, :-1], ts[:, 1:], seen, known))
        return cls(starts, ends, jax.random.split(key, len(starts)), seen, known)

    @property
    def axes(self) -> "Gaps":
        """Over which axis of each leaf of one gap `vmap` goes to have one series."""
        return Gaps(
            0,
            0,
            None,
            None if self.seen is None else 0,
            None if self.known is None else 0,
        )

    @property
    def lengths(self) -> Float[Array, "*gaps"]:
        """How long each lasts; zero in the padding."""
        return self.ends - self.starts

    @property
    def roots(self) -> Float[Array, "*gaps"]:
        """Their square roots; that of zero with no derivative."""
        positive = self.lengths > 0
        return jnp.where(positive, jnp.sqrt(jnp.where(positive, self.lengths, 1.0)), 0.0)
