"""Vector fields that are not evaluated beyond given times."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core.types import Args, Time, VectorField, Y


class Within(eqx.Module):
    """A vector field; times before or behind an interval are taken as its nearer end.

    Attributes:
        vector_field: A function `(t, y, args)`.
        low: Start of the interval.
        high: Its end.
    """

    vector_field: VectorField
    low: Time
    high: Time

    def __call__(self, t: Array, y: Y, args: Args) -> PyTree:
        """The vector field, at the nearer end where `t` is outside."""
        return self.vector_field(clamp_time(t, self.low, self.high), y, args)


def clamp_time(t: Array, low: Time, high: Time) -> Array:
    """The time within the interval that is nearest, which moves as `t` does."""
    t = jnp.asarray(t, low.dtype)
    return t + jax.lax.stop_gradient(jnp.clip(t, low, high) - t)
