"""Exact transitions of linear SDEs with two states."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from nde.core.types import RealScalar


class Transition(eqx.Module):
    """The distribution of linear SDEs of two states each after an interval: `x -> matrix x + N(0, noise)`.

    Attributes:
        matrix: The matrices `exp(A dt)`.
        noise: The covariances of what the noise adds.
    """

    matrix: Float[Array, "*blocks 2 2"]
    noise: Float[Array, "*blocks 2 2"]


def trend(dt: RealScalar, level: RealScalar, slope: RealScalar, damping: RealScalar) -> Transition:
    """A level whose slope reverts to zero: `d level = slope dt + level dW`, `d slope = -damping slope dt + slope dW`.

    Without damping it is an integrated Wiener process.

    Args:
        dt: The interval.
        level: Volatility of the level.
        slope: Volatility of the slope.
        damping: Rate at which the slope reverts to zero.
    """
    x = damping * dt
    gain = dt * _mean_decay(x)
    both = slope**2 * gain**2 / 2
    moved = level**2 * dt + slope**2 * dt**3 * _mean_square(x)
    return Transition(
        matrix=_two_by_two(jnp.ones_like(x), gain, jnp.zeros_like(x), jnp.exp(-x)),
        noise=_two_by_two(moved, both, both, slope**2 * dt * _mean_decay(2 * x)),
    )


def rotation(dt: RealScalar, frequency: RealScalar, volatility: RealScalar) -> Transition:
    """A stochastic oscillator: a rotation by `frequency` radians per unit of time, with noise on both states."""
    cos, sin = jnp.cos(frequency * dt), jnp.sin(frequency * dt)
    variance, zero = volatility**2 * dt, jnp.zeros_like(cos)
    return Transition(_two_by_two(cos, sin, -sin, cos), _two_by_two(variance + zero, zero, zero, variance + zero))


def cycle(dt: RealScalar, deviation: RealScalar, time: RealScalar, frequency: RealScalar) -> Transition:
    """A stochastic cycle: an oscillator that forgets its phase, at low frequencies an Ornstein-Uhlenbeck process.

    Args:
        dt: The interval.
        deviation: Standard deviation of the stationary distribution, of both states.
        time: Correlation time.
        frequency: Radians per unit of time.
    """
    decay = jnp.exp(-dt / time)
    cos, sin = decay * jnp.cos(frequency * dt), decay * jnp.sin(frequency * dt)
    variance, zero = -(deviation**2) * jnp.expm1(-2 * dt / time), jnp.zeros_like(cos)
    return Transition(_two_by_two(cos, sin, -sin, cos), _two_by_two(variance, zero, zero, variance))


def constant() -> Transition:
    """Two states that do not move."""
    return Transition(jnp.eye(2), jnp.zeros((2, 2)))


def _two_by_two(a: RealScalar, b: RealScalar, c: RealScalar, d: RealScalar) -> Float[Array, "2 2"]:
    return jnp.stack([jnp.stack([a, b]), jnp.stack([c, d])])


_SMALL = 0.1
"""The product of rate and interval below which series replace formulae that cancel."""


def _mean_decay(x: RealScalar) -> RealScalar:
    """The mean of `exp(-s)` over `[0, x]`."""
    safe = jnp.where(x == 0, 1, x)
    return jnp.where(x == 0, 1, -jnp.expm1(-safe) / safe)


def _mean_square(x: RealScalar) -> RealScalar:
    """The integral of `(1 - exp(-s))^2` over `[0, x]`, over `x^3`."""
    large = jnp.where(x < _SMALL, 1, x)
    formula = (large + 2 * jnp.expm1(-large) - jnp.expm1(-2 * large) / 2) / large**3
    series = 1 / 3 - x / 4 + 7 * x**2 / 60 - x**3 / 24 + 31 * x**4 / 2520 - x**5 / 320 + 127 * x**6 / 181440
    return jnp.where(x < _SMALL, series, formula)
