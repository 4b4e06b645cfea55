"""The latent ODE of Diffrax's documentation, for comparison."""

from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

_SIZE = 16


class Slope(eqx.Module):
    """A bounded network with a learned factor."""

    factor: jax.Array
    network: eqx.nn.MLP

    def __call__(self, t: Any, y: Any, args: Any) -> Any:
        """The slope."""
        del t, args
        return self.factor * self.network(y)


class Model(eqx.Module):
    """The model of https://docs.kidger.site/diffrax/examples/latent_ode/, with its sizes, noise and loss."""

    slope: Slope
    cell: eqx.nn.GRUCell
    infer: eqx.nn.Linear
    lift: eqx.nn.MLP
    show: eqx.nn.Linear

    def __init__(self, key: Any) -> None:
        keys = jax.random.split(key, 5)
        network = eqx.nn.MLP(_SIZE, _SIZE, 16, 2, jax.nn.softplus, jnp.tanh, key=keys[0])
        self.slope = Slope(jnp.ones(()), network)
        self.cell = eqx.nn.GRUCell(3, _SIZE, key=keys[1])
        self.infer = eqx.nn.Linear(_SIZE, 2 * _SIZE, key=keys[2])
        self.lift = eqx.nn.MLP(_SIZE, _SIZE, 16, 2, key=keys[3])
        self.show = eqx.nn.Linear(_SIZE, 2, key=keys[4])

    def encode(self, ts: Any, ys: Any) -> tuple[Any, Any]:
        """Mean and standard deviation of the latent."""
        rows = jnp.concatenate([ts[:, None], ys], axis=1)
        hidden, _ = jax.lax.scan(lambda h, row: (self.cell(row, h), None), jnp.zeros(_SIZE), rows, reverse=True)
        mean, log_deviation = jnp.split(self.infer(hidden), 2)
        return mean, jnp.exp(log_deviation)

    def decode(self, z: Any, t0: Any, ts: Any) -> Any:
        """Values at times."""
        saved = diffrax.SaveAt(ts=ts)
        term = diffrax.ODETerm(self.slope)
        states = diffrax.diffeqsolve(term, diffrax.Tsit5(), t0, ts[-1], 0.4, self.lift(z), saveat=saved).ys
        return jax.vmap(self.show)(states)

    def loss(self, ts: Any, ys: Any, key: Any, seen: int) -> Any:
        """The loss of one series."""
        mean, deviation = self.encode(ts[:seen], ys[:seen])
        found = self.decode(mean + deviation * jax.random.normal(key, mean.shape), ts[0], ts)
        divergence = 0.5 * jnp.sum(mean**2 + deviation**2 - 2 * jnp.log(deviation) - 1)
        return 0.5 * jnp.sum((ys - found) ** 2) + divergence


def trained(problem: Any, seed: int) -> Any:
    """Train as in the example: Adam with a learning rate of 0.01; training also predicts the unobserved part."""
    ts, ys, _ = problem.draw(seed, problem.series)
    ts, ys = jnp.asarray(ts, float), jnp.asarray(ys, float)
    model, optimizer = Model(jax.random.key(seed)), optax.adam(1e-2)

    @eqx.filter_jit
    def step(model: Model, state: Any, key: Any) -> tuple[Model, Any]:
        pick, draw = jax.random.split(key)
        some = jax.random.randint(pick, (problem.batch,), 0, len(ts))
        keys = jax.random.split(draw, problem.batch)

        def mean_loss(model: Model) -> Any:
            return jnp.mean(jax.vmap(lambda t, y, k: model.loss(t, y, k, problem.seen))(ts[some], ys[some], keys))

        updates, state = optimizer.update(eqx.filter_grad(mean_loss)(model), state)
        return eqx.apply_updates(model, updates), state

    state = optimizer.init(eqx.filter(model, eqx.is_inexact_array))
    for key in jax.random.split(jax.random.key(seed), problem.steps):
        model, state = step(model, state, key)

    @eqx.filter_jit
    def compiled(ts: Any, ys: Any, times: Any) -> Any:
        return jax.vmap(lambda t, y, new: model.decode(model.encode(t, y)[0], t[0], new))(ts, ys, times)

    def predict(ts: np.ndarray, ys: np.ndarray, times: np.ndarray) -> np.ndarray:
        return np.asarray(compiled(*[jnp.asarray(each, float) for each in (ts, ys, times)]))

    return predict
