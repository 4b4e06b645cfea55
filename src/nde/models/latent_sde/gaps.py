"""The stretches of time that a latent path is made of."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key, PRNGKeyArray


class Gaps(eqx.Module):
    """Stretches from one time to the next, each leaf with a leading axis of gaps; without it, one of them.

    Attributes:
        starts: When each begins.
        ends: When it ends.
        keys: Of the noise of each.
        seen: What the posterior's drift sees of the context in each; `None` for the prior.
        known: Whether there is a context, or no row comes after; `None` if there always is.
    """

    starts: Float[Array, "*gaps"]
    ends: Float[Array, "*gaps"]
    keys: Key[Array, "*gaps"]
    seen: Float[Array, "*gaps width"] | None = None
    known: Bool[Array, "*gaps"] | None = None

    @classmethod
    def between(
        cls, ts: Float[Array, " times"], key: PRNGKeyArray, seen: Float[Array, "gaps width"] | None = None
    ) -> "Gaps":
        """Those between times that do not go back, with what is seen in each."""
        return cls(ts[:-1], ts[1:], jax.random.split(key, len(ts) - 1), seen)

    @classmethod
    def through(
        cls,
        ts: Float[Array, " rows"],
        wanted: Float[Array, " wanted"],
        seen: Float[Array, "rows width"],
        key: PRNGKeyArray,
    ) -> "Gaps":
        """Those between all times, of rows and wanted ones; each sees what the next row on has to tell."""
        times = jnp.sort(jnp.concatenate([ts, jnp.maximum(wanted, ts[0])]))
        row = jnp.searchsorted(ts, times[1:], side="left")
        seen = seen[jnp.minimum(row, len(ts) - 1)]
        return cls(times[:-1], times[1:], jax.random.split(key, len(times) - 1), seen, row < len(ts))

    @property
    def lengths(self) -> Float[Array, "*gaps"]:
        """How long each lasts; zero in the padding."""
        return self.ends - self.starts

    @property
    def roots(self) -> Float[Array, "*gaps"]:
        """Their square roots; that of zero with no derivative."""
        positive = self.lengths > 0
        return jnp.where(positive, jnp.sqrt(jnp.where(positive, self.lengths, 1.0)), 0.0)
