"""A small neural SDE of prices, trained without a likelihood.

The volatility of its logarithmic price follows another SDE. Training minimizes sliced Wasserstein distances: it matches
the distributions of single numbers (returns, and differences between neighboring averages of logarithmic sizes) to
those of the data. Source of the distance: Bonneel, Rabin, Peyré and Pfister (2015),
doi:10.1007/s10851-014-0506-3.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from nde import sdeint
from nde.train import adam, fit

_QUANTILES = 300
_SMALL = 0.05
"""Added to squared returns before the logarithm: smaller values carry little information."""


class StochasticVolatility(eqx.Module):
    """`dx = m dt + s(z) (r . dW + sqrt(1 - |r|^2) dB)`, `dz = (-k z + f(z)) dt + g(z) dW`: `z` are volatility states.

    Without the networks `f`, `g` and that in `log s`, which start at zero, `z` has a slow and a fast component of
    Ornstein–Uhlenbeck type. Time is in days.
    """

    mean: Float[Array, ""]
    level: Float[Array, ""]
    loadings: Float[Array, " states"]
    log_rates: Float[Array, " states"]
    leverage: Float[Array, " states"]
    start: Float[Array, "states states"]
    networks: eqx.nn.MLP

    def __init__(self, states: int = 2, width: int = 16, *, key: PRNGKeyArray) -> None:
        self.mean, self.level = jnp.zeros(()), jnp.full((), -0.2)
        self.loadings = jnp.full(states, 0.4)
        self.log_rates = jnp.log(jnp.geomspace(1 / 40, 1 / 3, states))
        self.leverage = jnp.full(states, -0.1)
        self.start = jnp.eye(states)
        networks = eqx.nn.MLP(states, 2 * states + 1, width, 1, jnp.tanh, key=key)
        last = networks.layers[-1]
        self.networks = eqx.tree_at(
            lambda n: (n.layers[-1].weight, n.layers[-1].bias),
            networks,
            (0.01 * last.weight, jnp.zeros_like(last.bias)),
        )

    def sample(self, ts: Float[Array, " time"], *, key: PRNGKeyArray) -> Float[Array, "time channels"]:
        """Sample one path of the logarithmic price, from 0, by Euler's method with a step of at most a day."""
        states = len(self.loadings)
        first, noise = jax.random.split(key)
        z0 = self.start @ jax.random.normal(first, (states,))
        y0 = jnp.concatenate([jnp.zeros(1), z0])
        return sdeint(self._drift, self._diffusion, y0, ts, noise, dt0=1.0)[:, :1]

    def _drift(self, t: Any, y: Array) -> Array:
        del t
        rates, z = jnp.exp(self.log_rates), y[1:]
        return jnp.concatenate([self.mean[None], rates * (self.networks(z)[: len(z)] - z)])

    def _diffusion(self, t: Any, y: Array) -> Array:
        del t
        rates, z = jnp.exp(self.log_rates), y[1:]
        told = self.networks(z)[len(z) :]
        correlations = self.leverage / jnp.sqrt(1.0 + jnp.sum(self.leverage**2))
        rest = jnp.sqrt(1.0 - jnp.sum(correlations**2))
        volatility = jnp.exp(jnp.clip(self.level + self.loadings @ z + told[-1], -6.0, 2.0))
        prices = volatility * jnp.concatenate([correlations, rest[None]])
        states = jnp.diag(jnp.sqrt(2.0 * rates) * jnp.exp(told[:-1]))
        return jnp.concatenate([prices[None], jnp.pad(states, ((0, 0), (0, 1)))])


def slices(returns: Float[Array, "windows days"]) -> list[Float[Array, "_"]]:
    """Numbers whose distributions should match those of the data, one vector per slice.

    Returns; the mean logarithmic size over a whole window; at each scale the differences between its averages over
    neighboring intervals, every half interval; and the product of a return and the change of size around it, for
    leverage.
    """
    sizes = jnp.log(returns**2 + _SMALL)
    found = [returns, jnp.mean(sizes, axis=1)]
    sums = jnp.pad(jnp.cumsum(sizes, axis=1), ((0, 0), (1, 0)))
    block = 1
    while 2 * block <= returns.shape[1]:
        means = (sums[:, block:] - sums[:, :-block]) / block
        found.append((means[:, block:] - means[:, :-block])[:, :: max(1, block // 2)])
        block *= 2
    for block in (1, 5):
        means = (sums[:, block:] - sums[:, :-block]) / block
        change = means[:, block + 1 :] - means[:, : -block - 1]
        found.append(jnp.tanh(returns[:, block : block + change.shape[1]]) * change)
    return [each.reshape(-1) for each in found]


def _quantiles(numbers: Float[Array, " numbers"]) -> Float[Array, " quantiles"]:
    shares = (jnp.arange(_QUANTILES) + 0.5) / _QUANTILES
    return jnp.quantile(numbers, shares)


def trained(
    returns: Float[np.ndarray, "windows days"], *, steps: int, windows: int = 256, seed: int = 0
) -> StochasticVolatility:
    """Train the SDE to match the slices of the data."""
    wanted = [_quantiles(each) for each in slices(jnp.asarray(returns, float))]
    ts = jnp.arange(returns.shape[1] + 1.0)

    def loss(model: StochasticVolatility, batch: Any, key: PRNGKeyArray) -> Float[Array, ""]:
        paths = jax.vmap(lambda key: model.sample(ts, key=key))(jax.random.split(key, windows))
        found = slices(jnp.diff(paths[..., 0], axis=1))
        apart = [jnp.mean((_quantiles(a) - b) ** 2) / jnp.var(b) for a, b in zip(found, batch, strict=True)]
        return jnp.mean(jnp.stack(apart))

    model = StochasticVolatility(key=jax.random.key(seed))
    optimizer = adam(1e-2, steps=steps)
    return fit(model, loss, wanted, optimizer, steps=steps, key=jax.random.key(seed + 1), average=0.98).model
