"""Differential equations that the tests share; where there is a closed solution it stands beside the field."""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array


def spinning_logistic(t: Array, y: Array, args: tuple[Any, Any]) -> Array:
    """A point in the plane whose radius grows logistically while its angle turns ever faster.

    In polar coordinates `r' = rate r (1 - r)` and `phi' = spin (1 + t)`: nonlinear, not autonomous, coupled, smooth.
    """
    rate, spin = args
    growth = rate * (1 - jnp.sqrt(y[0] ** 2 + y[1] ** 2))
    turn = spin * (1 + t)
    return jnp.stack([growth * y[0] - turn * y[1], growth * y[1] + turn * y[0]])


def spinning_logistic_solution(t: Array, t0: Any, y0: Array, args: tuple[Any, Any]) -> Array:
    """The solution of `spinning_logistic` at times of any shape; the state is the last axis."""
    rate, spin = args
    y0 = jnp.asarray(y0)
    t = jnp.asarray(t)
    radius = 1 / (1 + (1 / jnp.sqrt(jnp.sum(y0**2)) - 1) * jnp.exp(-rate * (t - t0)))
    angle = jnp.arctan2(y0[1], y0[0]) + spin * ((t - t0) + (t**2 - t0**2) / 2)
    return jnp.stack([radius * jnp.cos(angle), radius * jnp.sin(angle)], axis=-1)


SPIN_ARGS = (1.3, 0.8)
SPIN_Y0 = (0.4, 0.3)


def whirl(t: Array, y: Array, args: Any) -> Array:
    """A point in the plane that turns ever faster, and faster the farther out it is: `phi' = r^2 (1 + t)`.

    The leading error terms of all explicit methods show on it at step sizes far above rounding.
    """
    del args
    speed = (y[0] ** 2 + y[1] ** 2) * (1 + t)
    return jnp.stack([speed * y[1], -speed * y[0]])


def whirl_solution(t: Array) -> Array:
    """The solution of `whirl` that is at `(0, 1)` at time zero, at times of any shape."""
    return jnp.stack([jnp.sin(t + t**2 / 2), jnp.cos(t + t**2 / 2)], axis=-1)


def decay(t: Array, y: Array, rate: Any) -> Array:
    """`y' = -rate y`, with solution `y0 exp(-rate (t - t0))`."""
    del t
    return -rate * y


def pendulum(t: Array, y: Any, args: Any) -> Any:
    """A damped pendulum that is pushed periodically; array or numpy array of angle and speed."""
    del args
    return jnp.stack([y[1], -jnp.sin(y[0]) - 0.1 * y[1] + 0.5 * jnp.cos(t)])


def lorenz(t: Array, y: Array, args: Any) -> Array:
    """The Lorenz system with its usual constants."""
    del t, args
    return jnp.stack([10.0 * (y[1] - y[0]), y[0] * (28.0 - y[2]) - y[1], y[0] * y[1] - 8.0 / 3.0 * y[2]])


def van_der_pol(t: Array, y: Array, mu: Any) -> Array:
    """Van der Pol's oscillator."""
    del t
    return jnp.stack([y[1], mu * (1 - y[0] ** 2) * y[1] - y[0]])
