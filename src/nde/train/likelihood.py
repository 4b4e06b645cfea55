"""The likelihood of measurements under a stochastic differential equation.

Between two measurements the SDE is discretized by Euler's method, whose steps are Gaussian. With a single step the
density is known in closed form. With more, the states in between are integrated out by importance sampling: paths are
drawn from a bridge that ends at the second measurement, and weighted.

Source: Durham and Gallant, *Numerical techniques for maximum likelihood estimation of continuous-time diffusion
processes* (2002), doi:10.1198/073500102288618397; their modified Brownian bridge.
"""

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from nde.train.protocol import Stochastic
from nde.train.transitions import Transitions

_HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)
_SEED = 0


def log_densities(
    model: Stochastic, transitions: Transitions, *, substeps: int, samples: int = 32
) -> Float[np.ndarray, " pairs"]:
    """Compute the log-density of each second measurement given the first, in model states and double precision.

    Each call uses the same random numbers, so the result is a smooth function of the model.

    Args:
        model: Any pytree with `drift` and `diffusion`, such as the stochastic models of `nde.models`.
        transitions: Pairs of measurements; unknown columns do not count.
        substeps: Euler steps between two measurements.
        samples: Sample paths for each pair; ignored with a single substep, which needs none.

    Example:
        ```python
        from nde.data import load_sunspots
        from nde.models import OrnsteinUhlenbeck
        from nde.train import Transitions, log_densities

        model = OrnsteinUhlenbeck.from_tables([load_sunspots()])
        pairs = Transitions.of([load_sunspots()], model.scaling, coupled=False)
        print(log_densities(model, pairs, substeps=4).mean())
        ```
    """
    with jax.enable_x64(True):
        exact = to_double(model)
        noise = standard_normals(transitions, substeps, samples)
        return np.asarray(_log_densities(exact, as_arrays(transitions), noise))


def to_double(tree: Any) -> Any:
    """Convert the real numbers of a pytree to double precision, where that is enabled."""
    return jax.tree.map(lambda x: jnp.asarray(x, jnp.float64) if eqx.is_inexact_array(x) else x, tree)


def as_arrays(transitions: Transitions) -> Transitions:
    """Convert the arrays of transitions to JAX arrays."""
    return jax.tree.map(jnp.asarray, transitions)


def standard_normals(
    transitions: Transitions, substeps: int, samples: int
) -> Float[Array, "pairs samples between columns"]:
    """Draw standard normal numbers for all bridges; one half are the negatives of the other."""
    pairs, columns = transitions.before.shape
    half = (samples + 1) // 2 if substeps > 1 else 1
    draws = jax.random.normal(jax.random.key(_SEED), (pairs, half, substeps - 1, columns))
    return jnp.concatenate([draws, -draws], axis=1)


def log_density(
    model: Stochastic, transitions: Any, noise: Float[Array, "pairs samples between columns"]
) -> Float[Array, " pairs"]:
    """Compute the log-density of each pair, for traced arrays; see `log_densities`."""

    def of_pair(gap: Array, before: Array, after: Array, known: Array, noises: Array) -> Array:
        weights = jax.vmap(lambda each: _log_weights(model, gap, before, after, each))(noises)
        if model.coupled:
            return _log_mean_exp(jnp.sum(weights, axis=1))
        return jnp.sum(jnp.where(known, _log_mean_exp(weights), 0.0))

    t = transitions
    return jax.vmap(of_pair)(t.gaps, t.before, t.after, t.known, noise)


_log_densities = eqx.filter_jit(log_density)


def _log_weights(
    model: Stochastic, gap: Array, before: Array, after: Array, noise: Float[Array, "between columns"]
) -> Float[Array, " columns"]:
    """Return the log-density of Euler's steps along a bridge minus that of the bridge, for each column."""
    substeps = noise.shape[0] + 1
    h = gap / substeps

    def step(carry: tuple[Array, Array], each: tuple[Array, Array]) -> tuple[tuple[Array, Array], None]:
        (z, weight), (left, e) = carry, each
        spread = model.diffusion(z) * jnp.sqrt(h)
        shrinkage = jnp.sqrt((left - 1) / left)
        dz = (after - z) / left + spread * shrinkage * e
        error = (dz - model.drift(z) * h) / spread
        return (z + dz, weight + 0.5 * (e**2 - error**2) + jnp.log(shrinkage)), None

    left = jnp.arange(substeps, 1, -1).astype(noise.dtype)
    (z, weight), _ = jax.lax.scan(jax.checkpoint(step), (before, jnp.zeros_like(before)), (left, noise))
    spread = model.diffusion(z) * jnp.sqrt(h)
    error = (after - z - model.drift(z) * h) / spread
    return weight - 0.5 * error**2 - jnp.log(spread) - _HALF_LOG_TWO_PI


def _log_mean_exp(x: Float[Array, "samples *columns"]) -> Float[Array, "*columns"]:
    return jax.scipy.special.logsumexp(x, axis=0) - math.log(x.shape[0])
