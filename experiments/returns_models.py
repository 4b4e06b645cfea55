"""Baseline generators of daily returns, each with `sample(ts, key=)` for the logarithmic price, one row per day."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from arch import arch_model
from jaxtyping import Array, Float, PRNGKeyArray

_BEFORE = 500
"""Days before the first of a path, after which the volatility has forgotten its initial value."""


class RandomWalk(eqx.Module):
    """Independent normal returns."""

    mean: Float[Array, ""]
    deviation: Float[Array, ""]

    @classmethod
    def fitted(cls, returns: Float[np.ndarray, " days"]) -> "RandomWalk":
        """Fit the mean and standard deviation of returns."""
        return cls(jnp.asarray(returns.mean()), jnp.asarray(returns.std()))

    def sample(self, ts: Float[Array, " time"], *, key: PRNGKeyArray) -> Float[Array, "time channels"]:
        """Sample one path."""
        return _path(self.mean + self.deviation * jax.random.normal(key, (len(ts) - 1,)))


class Reshuffled(eqx.Module):
    """Returns of the data, resampled one by one: their distribution without memory."""

    returns: Float[Array, " days"]

    @classmethod
    def fitted(cls, returns: Float[np.ndarray, " days"]) -> "Reshuffled":
        """Keep the returns."""
        return cls(jnp.asarray(returns, float))

    def sample(self, ts: Float[Array, " time"], *, key: PRNGKeyArray) -> Float[Array, "time channels"]:
        """Sample one path."""
        return _path(jax.random.choice(key, self.returns, (len(ts) - 1,)))


class Garch(eqx.Module):
    """`r = m + s e`, `s^2 = w + a (r - m)^2 + b s^2` of the day before; `e` is normal, or Student's t with variance 1.

    Source: Bollerslev, *Generalized autoregressive conditional heteroskedasticity* (1986),
    doi:10.1016/0304-4076(86)90063-1.
    """

    mean: Float[Array, ""]
    omega: Float[Array, ""]
    alpha: Float[Array, ""]
    beta: Float[Array, ""]
    freedom: Float[Array, ""] | None

    @classmethod
    def fitted(cls, returns: Float[np.ndarray, " days"], *, student: bool) -> "Garch":
        """Fit the parameters by maximum likelihood, with `arch`."""
        law = "t" if student else "normal"
        found = arch_model(returns, vol="GARCH", p=1, q=1, dist=law, rescale=False).fit(disp="off")
        names = ("mu", "omega", "alpha[1]", "beta[1]", *(["nu"] if student else []))
        values = [jnp.asarray(float(found.params[name])) for name in names]
        return cls(*values) if student else cls(*values, None)

    def sample(self, ts: Float[Array, " time"], *, key: PRNGKeyArray) -> Float[Array, "time channels"]:
        """Sample one path, with a volatility that started long before."""
        days = _BEFORE + len(ts) - 1
        if self.freedom is None:
            noise = jax.random.normal(key, (days,))
        else:
            noise = jax.random.t(key, self.freedom, (days,)) * jnp.sqrt((self.freedom - 2.0) / self.freedom)

        def day(variance: Array, e: Array) -> tuple[Array, Array]:
            away = jnp.sqrt(variance) * e
            return self.omega + self.alpha * away**2 + self.beta * variance, away

        persistence = jnp.minimum(self.alpha + self.beta, 0.999)
        _, away = jax.lax.scan(day, self.omega / (1.0 - persistence), noise)
        return _path(self.mean + away[_BEFORE:])


def _path(returns: Float[Array, " days"]) -> Float[Array, "time channels"]:
    return jnp.concatenate([jnp.zeros(1), jnp.cumsum(returns)])[:, None]
