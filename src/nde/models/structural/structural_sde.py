"""A linear SDE of one series: trend, seasons and short-term fluctuations, observed with noise."""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from nde.core.types import RealScalar
from nde.models.structural.blocks import Transition, constant, cycle, rotation, trend
from nde.models.structural.kalman import Filtered, Gaussian, Observed, kalman_filter, kalman_smoother, log_likelihood

Times = Float[Array | np.ndarray, " times"]
Queries = Float[Array | np.ndarray, " queries"]
Inputs = Float[Array | np.ndarray, "times inputs"]
QueryInputs = Float[Array | np.ndarray, "queries inputs"]

_START = {"level": 10.0, "slope": 0.25, "season": 0.5}
"""Variances of the states before the first observation, for a series of unit variance; of a season's first harmonic."""
_PRIOR = {
    "log_level": (-3.0, 2.0),
    "log_slope": (-5.0, 2.5),
    "log_damping": (-2.5, 2.0),
    "log_season": (-4.5, 2.0),
    "log_deviation": (-2.0, 2.0),
    "log_time": (0.5, 1.5),
    "log_frequency": (-1.0, 1.0),
    "log_noise": (-2.0, 2.0),
}
"""Mean and standard deviation of the logarithm of each parameter, for a series of unit variance and spacing."""
_LEAST_NOISE = 1_000.0
"""What is added to the variance of the observation noise, in units of rounding: the filter keeps the covariance of the
states to rounding of its first value, so that a series without noise would be filtered with negative variances."""


class StructuralSDE(eqx.Module):
    """Linear SDE of one series: the sum of a trend, seasons and short-term fluctuations, observed with noise.

        d level = slope dt + exp(log_level) dW
        d slope = -exp(log_damping) slope dt + exp(log_slope) dW
        d season = rotation of each harmonic dt + exp(log_season) dW
        d rest = (rotation - exp(-log_time)) rest dt + exp(log_deviation) sqrt(2 exp(-log_time)) dW
        y = level + seasons + rest + coefficients · inputs + exp(log_noise) ε

    The distribution of observations at any times is Gaussian, and computed exactly by a Kalman filter: times may be
    irregular, and observations missing. The cost is linear in the number of times. Times and values are those of a
    series with a typical spacing of one, zero mean and unit variance, see `nde.models.Scaling`.

    Attributes:
        periods: The period of each season.
        harmonics: How many harmonics each season has.
        inputs: How many known inputs the quantity depends on linearly; their coefficients are states that do not move,
            standard normal before the first observation.
        log_level: Logarithm of the volatility of the level.
        log_slope: Logarithm of the volatility of the slope.
        log_damping: Logarithm of the rate at which the slope reverts to zero.
        log_season: Logarithms of the volatilities of the seasons.
        log_deviation: Logarithm of the standard deviation of the short-term fluctuations.
        log_time: Logarithm of their correlation time.
        log_frequency: Logarithm of the frequency of their rotation, in radians per unit of time: they may be a cycle
            that loses its phase, such as that of sunspots.
        log_noise: Logarithm of the standard deviation of the observation noise; to its variance a thousand times the
            rounding error of one is added.

    Sources: Harvey, *Forecasting, Structural Time Series Models and the Kalman Filter* (1990), chapter 9,
    doi:10.1017/CBO9781107049994; for filter, smoother and gradient Durbin and Koopman, *Time Series Analysis by State
    Space Methods* (2012), doi:10.1093/acprof:oso/9780199641178.001.0001, Bierman, *Fixed interval smoothing with
    discrete measurements* (1973), doi:10.1080/00207177308932487, and Koopman and Shephard, *Exact score for time series
    models in state space form* (1992), doi:10.1093/biomet/79.4.823.

    Example:
        ```python
        import jax.numpy as jnp
        from nde.models import StructuralSDE

        ts = jnp.arange(48.0)
        ys = jnp.sin(2 * jnp.pi * ts / 12).at[20:25].set(jnp.nan)
        model = StructuralSDE(periods=[12.0])
        mean, variance = model.predict(ts, ys, jnp.asarray([22.0, 50.0]))
        print(model.log_likelihood(ts, ys), mean)
        ```
    """

    periods: Float[Array, " seasons"]
    harmonics: tuple[int, ...] = eqx.field(static=True)
    inputs: int = eqx.field(static=True)
    log_level: Float[Array, ""]
    log_slope: Float[Array, ""]
    log_damping: Float[Array, ""]
    log_season: Float[Array, " seasons"]
    log_deviation: Float[Array, ""]
    log_time: Float[Array, ""]
    log_frequency: Float[Array, ""]
    log_noise: Float[Array, ""]

    def __init__(
        self, periods: Sequence[float] = (), harmonics: Sequence[int] | None = None, *, inputs: int = 0
    ) -> None:
        """Create a model with typical parameters.

        Args:
            periods: The period of each season, in units of the typical spacing.
            harmonics: How many harmonics each season has; by default as many as its period resolves, at most six.
            inputs: How many known inputs there are, each of about unit variance.

        Raises:
            ValueError: If a period is shorter than two spacings, a season has no harmonic, or `inputs` is negative.
        """
        if harmonics is None:
            harmonics = [max(1, min(_MAX_HARMONICS, int(period / 2))) for period in periods]
        if any(not period >= 2 for period in periods):
            raise ValueError(f"periods must be at least 2 spacings; got {list(periods)}.")
        if len(harmonics) != len(periods) or any(count < 1 for count in harmonics):
            raise ValueError(f"harmonics must be at least 1 for each of {len(periods)} periods; got {list(harmonics)}.")
        if inputs < 0:
            raise ValueError(f"inputs must be a number of columns; got {inputs}.")
        self.inputs = inputs
        self.periods = jnp.asarray(periods, float).reshape(len(periods))
        self.harmonics = tuple(harmonics)
        for name, (mean, _) in _PRIOR.items():
            setattr(
                self, name, jnp.full(len(periods), mean, float) if name == "log_season" else jnp.asarray(mean, float)
            )

    def log_likelihood(self, ts: Times, ys: Times, inputs: Inputs | None = None) -> Float[Array, ""]:
        """Return the log-density of a series.

        Args:
            ts: Times, increasing.
            ys: Observations; `nan` where there is none.
            inputs: Known inputs at these times, if the model has any.

        Raises:
            ValueError: If the model wants other inputs.
        """
        return log_likelihood(self._observed(ts, ys, inputs))

    def log_prior(self) -> Float[Array, ""]:
        """Return the log-density of the parameters under a weak prior, which keeps parts that a series has not small.

        It is meant for series of unit variance with a typical spacing of one.
        """
        densities = [
            jax.scipy.stats.norm.logpdf(getattr(self, name), mean, deviation)
            for name, (mean, deviation) in _PRIOR.items()
        ]
        return sum((jnp.sum(each) for each in densities), start=jnp.zeros(()))

    def filter(self, ts: Times, ys: Times, inputs: Inputs | None = None) -> Filtered:
        """Return what is known at each time from the observations up to it.

        Args:
            ts: Times, increasing.
            ys: Observations; `nan` where there is none.
            inputs: Known inputs at these times, if the model has any.

        Raises:
            ValueError: If the model wants other inputs.
        """
        return kalman_filter(self._observed(ts, ys, inputs))

    def predict(
        self,
        ts: Times,
        ys: Times,
        query: Queries,
        inputs: Inputs | None = None,
        query_inputs: QueryInputs | None = None,
    ) -> tuple[Float[Array, " queries"], Float[Array, " queries"]]:
        """Return mean and variance of the observed quantity at any times given all observations.

        After the last observation this is a forecast, between observations an interpolation, before the first a
        backcast. The variance is that of a new observation: it includes the noise.

        Args:
            ts: Times of the observations, increasing.
            ys: Observations; `nan` where there is none.
            query: Times to predict, in any order.
            inputs: Known inputs at the times of the observations, if the model has any.
            query_inputs: Known inputs at the times to predict, if the model has any.

        Raises:
            ValueError: If the model wants other inputs.
        """
        ts, ys, query = jnp.asarray(ts), jnp.asarray(ys), jnp.asarray(query)
        known, asked = self._checked(inputs, len(ts)), self._checked(query_inputs, len(query))
        times = jnp.concatenate([ts, query])
        order = jnp.argsort(times, stable=True)
        filled = jnp.concatenate([ys, jnp.full(len(query), jnp.nan, ys.dtype)])
        states = self.smooth(times[order], filled[order], jnp.concatenate([known, asked])[order])
        back = jnp.argsort(order)[len(ts) :]
        weights = self.weights(len(query), asked)
        mean = jnp.sum(states.mean[back] * weights, axis=(1, 2))
        outer = weights[:, :, :, None, None] * weights[:, None, None]
        return mean, jnp.maximum(jnp.sum(states.covariance[back] * outer, axis=(1, 2, 3, 4)), 0) + self._noise

    def smooth(self, ts: Times, ys: Times, inputs: Inputs | None = None) -> Gaussian:
        """Return the distribution of the states at each time given all observations.

        Args:
            ts: Times, increasing; times may repeat if only one of them has an observation.
            ys: Observations; `nan` where there is none.
            inputs: Known inputs at these times, if the model has any.

        Raises:
            ValueError: If the model wants other inputs.
        """
        return kalman_smoother(self._observed(ts, ys, inputs))

    def sample(self, ts: Times, inputs: Inputs | None = None, *, key: PRNGKeyArray) -> Float[Array, " times"]:
        """Draw a series from the model, at the given times.

        Args:
            ts: Times, increasing.
            inputs: Known inputs at these times, if the model has any.
            key: A key of `jax.random`.

        Raises:
            ValueError: If the model wants other inputs.
        """
        first, rest, last = jax.random.split(key, 3)
        start = self.start()
        size = start.mean.size
        covariance = start.covariance.reshape(size, size)
        x = jnp.sqrt(jnp.diagonal(covariance)).reshape(-1, 2) * jax.random.normal(first, start.mean.shape)

        def step(x: Array, row: tuple[Transition, Array]) -> tuple[Array, Array]:
            transition, normal = row
            moved = jnp.sum(transition.matrix * x[:, None, :], axis=-1)
            x = moved + jnp.sum(_root(transition.noise) * normal[:, None, :], axis=-1)
            return x, x

        normals = jax.random.normal(rest, (len(ts), *x.shape))
        xs = jax.lax.scan(step, x, (self.transitions(ts), normals))[1]
        noise = jnp.sqrt(self._noise) * jax.random.normal(last, (len(ts),))
        return jnp.sum(xs * self.weights(len(ts), inputs), axis=(1, 2)) + noise

    def start(self) -> Gaussian:
        """Return the distribution of the states before the first observation."""
        season = [_START["season"] / k**2 for count in self.harmonics for k in range(1, count + 1) for _ in range(2)]
        rest = jnp.full(2, jnp.exp(2 * self.log_deviation))
        moving = jnp.asarray([_START["level"], _START["slope"], *season])
        fixed = jnp.asarray([1.0] * self.inputs + [0.0] * (self.inputs % 2))
        variances = jnp.concatenate([moving, rest, fixed]).reshape(-1, 2)
        blocks = len(variances)
        diagonal = jnp.diag(variances.reshape(-1)).reshape(blocks, 2, blocks, 2)
        return Gaussian(jnp.zeros((blocks, 2)), diagonal)

    def transitions(self, ts: Times) -> Transition:
        """Return the transition to each time from the one before; at the first time nothing moves."""
        return jax.vmap(self._transition)(jnp.diff(ts, prepend=ts[:1]))

    def weights(self, times: int, inputs: Inputs | None = None) -> Float[Array, "times blocks 2"]:
        """Return the weights of the states in the observed quantity: the first of each block counts, and the inputs.

        Args:
            times: How many times there are.
            inputs: Known inputs at these times, if the model has any.

        Raises:
            ValueError: If the model wants other inputs.
        """
        inputs = self._checked(inputs, times)
        moving = jnp.broadcast_to(jnp.asarray([1.0, 0.0]), (times, 2 + sum(self.harmonics), 2))
        fixed = jnp.pad(jnp.asarray(inputs, moving.dtype), ((0, 0), (0, self.inputs % 2)))
        return jnp.concatenate([moving, fixed.reshape(times, -1, 2)], axis=1)

    def _observed(self, ts: Times, ys: Times, inputs: Inputs | None) -> Observed:
        ts, ys, weights = jnp.asarray(ts), jnp.asarray(ys), self.weights(len(ts), inputs)
        return Observed(self.start(), self.transitions(ts), weights, self._noise, ys)

    def _checked(self, inputs: Any, times: int) -> Float[Array, "times inputs"]:
        found = jnp.zeros((times, 0)) if inputs is None else jnp.asarray(inputs)
        if found.shape != (times, self.inputs):
            raise ValueError(f"inputs must have shape {(times, self.inputs)}, (times, inputs); got {found.shape}.")
        return found

    def _transition(self, dt: RealScalar) -> Transition:
        level, slope, damping = (jnp.exp(x) for x in (self.log_level, self.log_slope, self.log_damping))
        waves = [
            rotation(dt, 2 * jnp.pi * (harmonic + 1) / self.periods[season], jnp.exp(self.log_season[season]))
            for season, count in enumerate(self.harmonics)
            for harmonic in range(count)
        ]
        rest = cycle(dt, jnp.exp(self.log_deviation), jnp.exp(self.log_time), jnp.exp(self.log_frequency))
        fixed = [constant()] * ((self.inputs + 1) // 2)
        return jax.tree.map(lambda *each: jnp.stack(each), trend(dt, level, slope, damping), *waves, rest, *fixed)

    @property
    def _noise(self) -> Float[Array, ""]:
        return jnp.exp(2 * self.log_noise) + _LEAST_NOISE * jnp.finfo(self.log_noise.dtype).eps


_MAX_HARMONICS = 6


def _root(noise: Float[Array, "blocks 2 2"]) -> Float[Array, "blocks 2 2"]:
    """The Cholesky factors of matrices, some entries of which may be zero."""
    a, b, c = noise[:, 0, 0], noise[:, 1, 0], noise[:, 1, 1]
    first = jnp.sqrt(a)
    below = jnp.where(a > 0, b / jnp.where(a > 0, first, 1), 0)
    return jnp.stack(
        [jnp.stack([first, jnp.zeros_like(a)], -1), jnp.stack([below, jnp.sqrt(jnp.maximum(c - below**2, 0))], -1)], -2
    )
