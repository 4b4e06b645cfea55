"""An Ornstein-Uhlenbeck process that is observed with normal errors, and its exact posterior as a latent equation."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from nde.models import AbstractContextDrift, AbstractContextEncoder, GaussianLikelihood, LatentSDE, Posterior

RATE, NOISE, ERROR, MEAN, VARIANCE = 1.5, 0.7, 0.3, 0.4, 0.5


class Filter(AbstractContextEncoder):
    """Of each row: precision and shift of what it and later rows tell of the state there, its time, and the law of the
    state at the first row (mean and logarithm of the variance), which only there means something."""

    context_size: int = 5

    def __call__(self, ts, ys, length):
        own = jnp.arange(len(ts)) < length
        values = ys[:, 0]
        seen = own & ~jnp.isnan(values)

        def back(later, row):
            precision, shift, after = later
            t, seen, own, value = row
            gap = jnp.where(own, jnp.where(jnp.isnan(after), 0.0, after - t), 0.0)
            precision, shift = carried(precision, shift, gap)
            precision = precision + jnp.where(seen, 1 / ERROR**2, 0.0)
            shift = shift + jnp.where(seen, jnp.nan_to_num(value), 0.0) / ERROR**2
            after = jnp.where(own, t, after)
            total = 1 / VARIANCE + precision
            mean, log_variance = (MEAN / VARIANCE + shift) / total, -jnp.log(total)
            return (precision, shift, after), jnp.stack([precision, shift, t, mean, log_variance])

        rows = (ts[::-1], seen[::-1], own[::-1], values[::-1])
        return jax.lax.scan(back, (0.0 * ts[0], 0.0 * ts[0], jnp.nan * ts[0]), rows)[1][::-1]


def carried(precision, shift, gap):
    """What is told of the state a gap earlier."""
    decay = jnp.exp(-RATE * gap)
    variance = NOISE**2 * (1 - decay**2) / (2 * RATE)
    return decay**2 * precision / (1 + precision * variance), decay * shift / (1 + precision * variance)


class Exact(AbstractContextDrift):
    """The drift of the posterior, with the part that the data add multiplied by `trust`."""

    trust: jax.Array

    def seen(self, context):
        return context[:3]

    def __call__(self, state, seen):
        t, z = state
        precision, shift = carried(seen[0], seen[1], seen[2] - t)
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
    """Mean and covariance of the state at times, the first being that of the first law."""
    since = np.asarray(ts, float) - float(ts[0])
    stationary = NOISE**2 / (2 * RATE)
    decay, apart = np.exp(-RATE * since), np.abs(since[:, None] - since)
    covariance = stationary * np.exp(-RATE * apart) + (VARIANCE - stationary) * np.outer(decay, decay)
    return MEAN * decay, covariance
