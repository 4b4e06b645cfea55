"""How likely measurements are under a model with noise.

Between two measurements a model is taken in Euler's steps, each of which is Gaussian. With one step the density is
known; with more, the states between are integrated out by importance sampling: paths are drawn from a bridge that ends
in the second measurement, and weighed.

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
    """The logarithm of the density of each second measurement, given the first, in model states and double precision.

    The same normal numbers are used at each call: the result is a smooth function of the model.

    Args:
        model: Any pytree with `drift` and `diffusion`, such as the stochastic ones of `nde.models`.
        transitions: The pairs; a column that is not known does not count.
        substeps: Euler's steps between the two.
        samples: Bridges for each pair; with one substep none is needed.

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
        exact = in_double(model)
        noise = normals(transitions, substeps, samples)
        return np.asarray(_log_densities(exact, as_arrays(transitions), noise))


def in_double(tree: Any) -> Any:
    """A pytree whose real numbers are of double precision, where that is enabled."""
    return jax.tree.map(lambda x: jnp.asarray(x, jnp.float64) if eqx.is_inexact_array(x) else x, tree)


def as_arrays(transitions: Transitions) -> Transitions:
    """The same as arrays of JAX."""
    return jax.tree.map(jnp.asarray, transitions)


def normals(transitions: Transitions, substeps: int, samples: int) -> Float[Array, "pairs samples between columns"]:
    """Standard normal numbers for all bridges, one half of them the negatives of the other."""
    pairs, columns = transitions.before.shape
    half = (samples + 1) // 2 if substeps > 1 else 1
    drawn = jax.random.normal(jax.random.key(_SEED), (pairs, half, substeps - 1, columns))
    return jnp.concatenate([drawn, -drawn], axis=1)


def log_density(
    model: Stochastic, transitions: Any, noise: Float[Array, "pairs samples between columns"]
) -> Float[Array, " pairs"]:
    """The same for traced arrays."""

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
    """The density of Euler's steps along a bridge over that of the bridge, one factor a column."""
    substeps = noise.shape[0] + 1
    h = gap / substeps

    def step(carry: tuple[Array, Array], each: tuple[Array, Array]) -> tuple[tuple[Array, Array], None]:
        (z, weight), (left, e) = carry, each
        spread = model.diffusion(z) * jnp.sqrt(h)
        narrow = jnp.sqrt((left - 1) / left)
        move = (after - z) / left + spread * narrow * e
        error = (move - model.drift(z) * h) / spread
        return (z + move, weight + 0.5 * (e**2 - error**2) + jnp.log(narrow)), None

    left = jnp.arange(substeps, 1, -1).astype(noise.dtype)
    (z, weight), _ = jax.lax.scan(jax.checkpoint(step), (before, jnp.zeros_like(before)), (left, noise))
    spread = model.diffusion(z) * jnp.sqrt(h)
    error = (after - z - model.drift(z) * h) / spread
    return weight - 0.5 * error**2 - jnp.log(spread) - _HALF_LOG_TWO_PI


def _log_mean_exp(x: Float[Array, "samples *columns"]) -> Float[Array, "*columns"]:
    return jax.scipy.special.logsumexp(x, axis=0) - math.log(x.shape[0])
