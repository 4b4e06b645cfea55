"""Kalman filter and smoother of linear SDEs observed at given times.

The state consists of independent blocks of two, whose transitions are `Transition`s. Products with block-diagonal
matrices are sums of elementwise products, which for such small states are faster than matrix products.

Sources: Durbin and Koopman, *Time Series Analysis by State Space Methods* (2012),
doi:10.1093/acprof:oso/9780199641178.001.0001; for the smoother Bierman, *Fixed interval smoothing with discrete
measurements* (1973), doi:10.1080/00207177308932487.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from nde.models.structural.blocks import Transition

Vector = Float[Array, "blocks 2"]
Matrix = Float[Array, "blocks 2 blocks 2"]


class Gaussian(eqx.Module):
    """The distribution of the states.

    Attributes:
        mean: Their mean.
        covariance: Their covariance.
    """

    mean: Float[Array, "*times blocks 2"]
    covariance: Float[Array, "*times blocks 2 blocks 2"]


class Observed(eqx.Module):
    """A linear SDE, observed with noise at given times.

    Attributes:
        start: The states before the first transition.
        transitions: The transition to each time from the one before, with a leading axis of times.
        weights: The weights of the states in the observed quantity, at each time.
        noise: The variance of the observation noise.
        ys: The observations; `nan` where there is none.
    """

    start: Gaussian
    transitions: Transition
    weights: Float[Array, "times blocks 2"]
    noise: Float[Array, ""]
    ys: Float[Array, " times"]


class Filtered(eqx.Module):
    """What a filter knows at each time.

    Attributes:
        states: The states given the observations up to and including this time.
        log_densities: The log-density of each observation given those before; zero where there is none.
        mean: The mean of the observed quantity given the observations before.
        variance: Its variance, with that of the observation noise.
        errors: The observations less these means; zero where there is none.
        gains: The covariance of states and observed quantity given the observations before.
        precisions: The inverse of the variance; zero where there is no observation.
    """

    states: Gaussian
    log_densities: Float[Array, "*times"]
    mean: Float[Array, "*times"]
    variance: Float[Array, "*times"]
    errors: Float[Array, "*times"]
    gains: Float[Array, "*times blocks 2"]
    precisions: Float[Array, "*times"]


def kalman_filter(of: Observed) -> Filtered:
    """Filter a series, with a leading axis of times in the result."""

    def step(states: Gaussian, row: tuple[Transition, Vector, Float[Array, ""]]) -> tuple[Gaussian, Filtered]:
        transition, weight, y = row
        states = propagate(states, transition)
        gain = _product(states.covariance, weight)
        variance = jnp.maximum(jnp.sum(weight * gain), 0) + of.noise
        mean = jnp.sum(weight * states.mean)
        seen = ~jnp.isnan(y)
        error = jnp.where(seen, jnp.where(seen, y, 0) - mean, 0)
        precision = jnp.where(seen, 1 / variance, 0)
        states = Gaussian(states.mean + gain * (error * precision), states.covariance - precision * _outer(gain, gain))
        density = jnp.where(seen, -(jnp.log(2 * jnp.pi * variance) + error**2 * precision) / 2, 0)
        return states, Filtered(states, density, mean, variance, error, gain, precision)

    return jax.lax.scan(step, of.start, (of.transitions, of.weights, of.ys))[1]


def kalman_smoother(of: Observed) -> Gaussian:
    """The states at each time given all observations, with a leading axis of times."""
    filtered = kalman_filter(of)

    def step(later: Gaussian, row: tuple[Filtered, Transition, Vector]) -> tuple[Gaussian, Gaussian]:
        here, transition, weight = row
        covariance = here.states.covariance
        smoothed = Gaussian(
            here.states.mean + _product(covariance, later.mean),
            covariance - _sandwich(covariance, later.covariance),
        )
        return propagate(_before(later, here, weight), _transposed(transition)), smoothed

    rows = (filtered, of.transitions, of.weights)
    return jax.lax.scan(step, _nothing(filtered), rows, reverse=True)[1]


@jax.custom_vjp
def log_likelihood(of: Observed) -> Float[Array, ""]:
    """The log-density of a series; its reverse mode costs as much as a smoother.

    With `r` and `N` the smoother's derivatives, `dL/dm` and `r r' - 2 dL/dP`, to mean and covariance of the states just
    before an observation, `m` and `P` those after the observation before, and `A` and `Q` the matrix and noise of the
    transition between the two, `dL/dA = r m' + (r r' - N) A P` and `dL/dQ = (r r' - N) / 2`. The derivative to the
    weights of an observation is `(e x - P w) / s`, with `x` and `P` mean and covariance of the states given all
    observations, `e` the observation less `w' x`, and `s` the variance of the noise.

    Source: Koopman and Shephard, *Exact score for time series models in state space form* (1992),
    doi:10.1093/biomet/79.4.823.
    """
    return jnp.sum(kalman_filter(of).log_densities)


def _log_likelihood_forward(of: Observed) -> tuple[Float[Array, ""], tuple[Observed, Filtered]]:
    filtered = kalman_filter(of)
    return jnp.sum(filtered.log_densities), (of, filtered)


def _log_likelihood_backward(kept: tuple[Observed, Filtered], cotangent: Float[Array, ""]) -> tuple[Observed]:
    of, filtered = kept
    earlier = jax.tree.map(lambda first, rest: jnp.concatenate([first[None], rest[:-1]]), of.start, filtered.states)

    def step(
        later: Gaussian, row: tuple[Filtered, Gaussian, Transition, Vector]
    ) -> tuple[Gaussian, tuple[Transition, Vector, Float[Array, ""], Float[Array, ""]]]:
        here, states, transition, weight = row
        residual = _residual(later, here)
        spread = here.precisions + here.precisions**2 * jnp.sum(here.gains * _product(later.covariance, here.gains))
        before = _before(later, here, weight)
        square = _square(before)
        ahead = jnp.transpose(_carried(transition.matrix, states.covariance), (2, 3, 0, 1))
        matrix = before.mean[:, :, None] * states.mean[:, None, :]
        matrix = matrix + jnp.sum(square[:, :, None] * ahead[:, None], axis=(3, 4))
        noise = jnp.einsum("iaib->iab", square) / 2
        slopes = (
            Transition(matrix, noise),
            _slope_of_weights(here, later, residual),
            (residual**2 - spread) / 2,
            -residual,
        )
        return propagate(before, _transposed(transition)), slopes

    rows = (filtered, earlier, of.transitions, of.weights)
    first, (transitions, weights, noises, ys) = jax.lax.scan(step, _nothing(filtered), rows, reverse=True)
    start = Gaussian(first.mean, _square(first) / 2)
    found = Observed(start, transitions, weights, jnp.sum(noises), ys)
    return (jax.tree.map(lambda x: cotangent * x, found),)


log_likelihood.defvjp(_log_likelihood_forward, _log_likelihood_backward)


def propagate(states: Gaussian, transition: Transition) -> Gaussian:
    """The states after an interval."""
    matrix, noise = transition.matrix, transition.noise
    mean = jnp.sum(matrix * states.mean[:, None, :], axis=2)
    carried = _carried(matrix, states.covariance)
    covariance = matrix[None, None, :, :, 0] * carried[..., :1] + matrix[None, None, :, :, 1] * carried[..., 1:]
    own = jnp.eye(len(matrix), dtype=noise.dtype)[:, None, :, None]
    return Gaussian(mean, covariance + own * noise[:, :, None, :])


def _nothing(filtered: Filtered) -> Gaussian:
    return jax.tree.map(lambda x: jnp.zeros_like(x[0]), filtered.states)


def _before(later: Gaussian, here: Filtered, weight: Vector) -> Gaussian:
    """The smoother's `r` and `N` just before an observation, from those just after."""
    drawn = _product(later.covariance, here.gains)
    both = here.precisions * _outer(weight, drawn)
    own = here.precisions + here.precisions**2 * jnp.sum(here.gains * drawn)
    precision = later.covariance - both - jnp.transpose(both, (2, 3, 0, 1)) + own * _outer(weight, weight)
    return Gaussian(later.mean + _residual(later, here) * weight, precision)


def _residual(later: Gaussian, here: Filtered) -> Float[Array, ""]:
    """The derivative of the log-likelihood to an observation, but for its sign."""
    return here.precisions * (here.errors - jnp.sum(here.gains * later.mean))


def _slope_of_weights(here: Filtered, later: Gaussian, residual: Float[Array, ""]) -> Vector:
    """The derivative of the log-likelihood to the weights of an observation, without dividing by the noise."""
    covariance = here.states.covariance
    smoothed = here.states.mean + _product(covariance, later.mean)
    left = here.gains - _product(covariance, _product(later.covariance, here.gains))
    return residual * smoothed - here.precisions * left


def _square(later: Gaussian) -> Matrix:
    return _outer(later.mean, later.mean) - later.covariance


def _transposed(transition: Transition) -> Transition:
    return Transition(jnp.swapaxes(transition.matrix, -1, -2), jnp.zeros_like(transition.noise))


def _carried(matrix: Float[Array, "blocks 2 2"], covariance: Matrix) -> Matrix:
    """The product of a block-diagonal and a full matrix."""
    first, second = matrix[:, :, 0, None, None], matrix[:, :, 1, None, None]
    return first * covariance[:, :1] + second * covariance[:, 1:]


def _outer(a: Vector, b: Vector) -> Matrix:
    return a[:, :, None, None] * b[None, None]


def _product(matrix: Matrix, vector: Vector) -> Vector:
    return jnp.sum(matrix * vector[None, None], axis=(2, 3))


def _sandwich(outer: Matrix, inner: Matrix) -> Matrix:
    """The product `outer inner outer` of symmetric matrices."""
    size = 2 * len(outer)
    a, b = (x.reshape(size, size) for x in (outer, inner))
    return (a @ b @ a).reshape(outer.shape)
