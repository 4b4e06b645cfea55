"""Train a model on all devices and processes there are, and save the result.

Started by `test_fit_devices.py` as `on_devices FILE [COORDINATOR NUMBER COUNT] [FOLDER STOP]`.
"""

import sys
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

import nde
from nde.data import Loader
from nde.train import fit

STEPS = 20


class Flow(eqx.Module):
    """A neural ODE from the mean of a series to its label."""

    field: eqx.nn.MLP
    weight: Any

    def __init__(self, key: Any) -> None:
        self.field = eqx.nn.MLP(2, 2, 8, 1, jnp.tanh, key=key)
        self.weight = jnp.ones(2)

    def __call__(self, ys: Any) -> Any:
        term = nde.ODETerm(lambda t, y, args: self.field(y))
        end = nde.diffeqsolve(term, nde.Tsit5(), 0.0, 1.0, 0.25, jnp.nanmean(ys, axis=0), throw=False).ys[0]
        return self.weight @ end


def loss(model: Flow, batch: Any, key: Any) -> Any:
    """Return the weighted mean squared error, with noise that depends on the key."""
    noise = 0.01 * jax.random.normal(key, batch.weights.shape)
    errors = (jax.vmap(model)(batch.ys) + noise - batch.targets) ** 2
    return jnp.sum(batch.weights * errors) / jnp.sum(batch.weights)


def run(folder: str | None = None, stop: int | None = None) -> dict[str, np.ndarray]:
    """Return the weights and losses of a run, interrupted at step `stop` if given."""
    random = np.random.default_rng(0)
    series = [random.normal(size=(int(n), 2)) for n in random.integers(3, 9, 44)]
    panel = nde.TimeSeries.from_arrays(series, targets=np.array([float(np.sum(each[:3])) for each in series]))

    def progress(done: int, steps: int, value: float) -> None:
        if done == stop:
            raise InterruptedError

    result = fit(
        Flow(jax.random.key(0)),
        loss,
        Loader(panel[:36], 16, buckets=2),
        optax.adam(1e-2),
        steps=STEPS,
        key=jax.random.key(1),
        validation=Loader(panel[36:], 5, shuffle=False),
        validate_every=5,
        average=0.9,
        checkpoint=folder,
        checkpoint_steps=4,
        progress=progress,
    )
    leaves = jax.tree.leaves(eqx.filter(result.model, eqx.is_array))
    weights = np.concatenate([np.ravel(leaf) for leaf in leaves])
    return {"weights": weights, "loss": result.history.loss, "validation": result.history.validation}


if __name__ == "__main__":
    file, *rest = sys.argv[1:]
    if len(rest) >= 3:
        jax.config.update("jax_cpu_collectives_implementation", "gloo")
        jax.distributed.initialize(rest[0], num_processes=int(rest[2]), process_id=int(rest[1]))
        rest = rest[3:]
    folder, stop = (rest[0], int(rest[1])) if rest else (None, None)
    np.savez(file, devices=jax.device_count(), **run(folder, stop))
