"""The user's time, and the time that a loop counts in."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from nde.core.types import IntScalar, Time


class Clock(eqx.Module):
    """Loop time `direction * (t - origin)`, in which every solve goes forward.

    Where the interval of a solve is short beside its distance from zero, the origin is t0: steps are then counted from
    there, and a solve far from zero takes the steps of the same solve from zero. Elsewhere the origin is zero.

    Both ways the times that a user gives, those between t0 and t1, are changed into loop times and back without
    rounding: the origin is either zero or within a factor of two of each of them (Sterbenz).

    Source: Sterbenz, *Floating-point computation* (1974), theorem 4.3.1.

    Attributes:
        origin: In the user's time, of shape `()`.
        direction: One, or minus one for a solve backward in time.
    """

    origin: Time
    direction: IntScalar

    def loop(self, t: Array) -> Array:
        """The user's times as loop times."""
        return (t - self.origin) * self.direction.astype(t.dtype)

    def real(self, t: Array) -> Array:
        """Loop times as the user's times."""
        return self.length(t) + self.origin

    def slope(self, f: Array) -> Array:
        """A derivative in the one time as that in the other."""
        return f * self.direction.astype(f.dtype)

    def reversed(self) -> "Clock":
        """The clock of a solve the other way, whose loop times are minus those of this."""
        return Clock(self.origin, -self.direction)

    def length(self, h: Array) -> Array:
        """A length of loop time as one of the user's time."""
        return h * self.direction.astype(h.dtype)

    def blur(self, t: Time) -> Time:
        """A loop time's distance within which rounding may move the user's time of a stage."""
        size = jnp.abs(t) + jnp.abs(self.origin)
        return jax.lax.stop_gradient(jnp.maximum(4 * jnp.finfo(t.dtype).eps * size, jnp.finfo(t.dtype).tiny))


def clock_of(t0: Time, t1: Time) -> Clock:
    """The clock of a solve from `t0` to `t1`, a constant of differentiation."""
    t0, t1 = jax.lax.stop_gradient((t0, t1))
    far = jnp.abs(t1 - t0) <= 0.5 * jnp.abs(t0)
    return Clock(jnp.where(far, t0, 0), jnp.where(t0 <= t1, 1, -1).astype(jnp.int32))
