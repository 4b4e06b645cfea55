"""Simulate many paths of a stochastic model, from many initial states."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from nde.paths import BrownianMotion
from nde.solve import SaveAt, diffeqsolve
from nde.solvers import Euler
from nde.terms import ControlTerm, MultiTerm, ODETerm
from nde.train import Stochastic


def simulate_paths(
    model: Stochastic,
    starts: Float[np.ndarray, "batch columns"],
    gaps: Float[np.ndarray, "batch times columns"],
    key: PRNGKeyArray,
    paths: int,
    substeps: int,
) -> Float[Array, "batch paths times columns"]:
    """Simulate states after consecutive gaps of model time by Euler's method.

    Each gap is divided into the same number of steps. To share one compiled solve, its time counts steps, and each
    column runs at its own step length: with `t = h s`, `dz = f h ds + g sqrt(h) dW`.

    Args:
        model: A model with drift and diffusion.
        starts: The initial model states.
        gaps: The model time from each state to the next, for each column.
        key: A key of `jax.random` for the noise.
        paths: The number of paths from each initial state.
        substeps: Euler steps per gap.
    """
    keys = jax.random.split(key, (starts.shape[0], paths))
    return _simulate_paths(model, jnp.asarray(starts, float), jnp.asarray(gaps / substeps, float), keys, substeps)


@eqx.filter_jit
def _simulate_paths(
    model: Stochastic, starts: Array, lengths: Array, keys: Array, substeps: int
) -> Float[Array, "batch paths times columns"]:
    def path(start: Array, length: Array, key: PRNGKeyArray) -> Array:
        count = length.shape[0]

        def step(s: Array) -> Array:
            """Return the length of the step that begins at `s`."""
            return length[jnp.minimum(((s + 0.5) / substeps).astype(int), count - 1)]

        drift = ODETerm(lambda s, z, model: model.drift(z) * step(s))
        noise = BrownianMotion(start.shape, key)
        diffusion = ControlTerm(lambda s, z, model: model.diffusion(z) * jnp.sqrt(step(s)), noise)
        end = count * substeps
        ts = jnp.arange(substeps, end + 1, substeps, dtype=float)
        sol = diffeqsolve(
            MultiTerm(drift, diffusion), Euler(), 0.0, end, 1.0, start, model, saveat=SaveAt(ts=ts), max_steps=end + 1
        )
        return sol.ys

    over_paths = jax.vmap(path, in_axes=(None, None, 0))
    return jax.vmap(over_paths)(starts, lengths, keys)
