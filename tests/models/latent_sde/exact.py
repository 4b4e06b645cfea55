"""An Ornstein-Uhlenbeck process with normal observation errors, and its exact posterior as a latent SDE."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from nde.models import AbstractContextDrift, AbstractContextEncoder, GaussianLikelihood, LatentSDE, Posterior

RATE, NOISE, ERROR, MEAN, VARIANCE = 1.5, 0.7, 0.3, 0.4, 0.5


class Filter(AbstractContextEncoder):
    """An encoder that implements the backward filter.

    The context of a row has the precision and shift of what this row and later ones imply about the state, the time of
    the row, and the posterior mean and log-variance of the initial state, which are meaningful in the first row only.
    """

    context_size: int = 5

    def __call__(self, ts, ys, length):
        own = jnp.arange(len(ts)) < length
        values = ys[:, 0]
        observed = own & ~jnp.isnan(values)

        def back(later, row):
            precision, shift, after = later
            t, observed, own, value = row
            gap = jnp.where(own, jnp.where(jnp.isnan(after), 0.0, after - t), 0.0)
            precision, shift = propagate(precision, shift, gap)
            precision = precision + jnp.where(observed, 1 / ERROR**2, 0.0)
            shift = shift + jnp.where(observed, jnp.nan_to_num(value), 0.0) / ERROR**2
            after = jnp.where(own, t, after)
            total = 1 / VARIANCE + precision
            mean, log_variance = (MEAN / VARIANCE + shift) / total, -jnp.log(total)
            return (precision, shift, after), jnp.stack([precision, shift, t, mean, log_variance])

        rows = (ts[::-1], observed[::-1], own[::-1], values[::-1])
        return jax.lax.scan(back, (0.0 * ts[0], 0.0 * ts[0], jnp.nan * ts[0]), rows)[1][::-1]


def propagate(precision, shift, gap):
    """Propagate precision and shift backward over a gap."""
    decay = jnp.exp(-RATE * gap)
    variance = NOISE**2 * (1 - decay**2) / (2 * RATE)
    return decay**2 * precision / (1 + precision * variance), decay * shift / (1 + precision * variance)


class Exact(AbstractContextDrift):
    """The drift of the posterior, with the part that depends on the data multiplied by `trust`."""

    trust: jax.Array

    def embed(self, context):
        return context[:3]

    def __call__(self, state, embedding):
        t, z = state
        precision, shift = propagate(embedding[0], embedding[1], embedding[2] - t)
        return (-RATE * z + self.trust * NOISE**2 * (shift - precision * z))[None]


class Reverting(eqx.Module):
    def __call__(self, state):
        return -RATE * state[1:]


class Level(eqx.Module):
    def __call__(self, state):
        return jnp.full_like(state, NOISE)


def exact_model(trust=1.0, **options):
    model = LatentSDE(
        1,
        1,
        time=True,
        encoder=Filter(),
        posterior_drift=Exact(jnp.asarray(trust)),
        prior_drift=Reverting(),
        diffusion=Level(),
        decoder=eqx.nn.Identity(),
        likelihood=GaussianLikelihood(1, ERROR),
        key=jax.random.key(0),
        **options,
    )
    pick = jnp.zeros((2, 5)).at[0, 3].set(1.0).at[1, 4].set(1.0)
    where = lambda m: (m.initial.weight, m.initial.bias, m.prior_initial)
    first = Posterior(jnp.array([MEAN]), jnp.log(jnp.array([VARIANCE])))
    return eqx.tree_at(where, model, (pick, jnp.zeros(2), first))


def moments(ts):
    """Return the mean and covariance of the state at times, of which the first is the initial time."""
    since = np.asarray(ts, float) - float(ts[0])
    stationary = NOISE**2 / (2 * RATE)
    decay, distance = np.exp(-RATE * since), np.abs(since[:, None] - since)
    covariance = stationary * np.exp(-RATE * distance) + (VARIANCE - stationary) * np.outer(decay, decay)
    return MEAN * decay, covariance
