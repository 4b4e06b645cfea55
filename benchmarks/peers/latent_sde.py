"""Latent SDE training steps in JAX: ours from `nde.train.fit`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

import nde
from benchmarks.goal import Goal
from benchmarks.latent_sde import LEARNING_RATE, SCALE, LatentEquation
from benchmarks.side import Ready
from nde.data import Batch, pad
from nde.models import ELBO, ComponentDiffusion, GaussianLikelihood, LatentSDE
from nde.train.devices import Placement
from nde.train.step import Step


@dataclass(frozen=True)
class OurLatentEquation:
    """The step that `nde.train.fit` repeats, with two Euler steps from row to row."""

    name: str = "nde"

    def installed(self) -> bool:
        """True: `nde` is installed."""
        return True

    def start(self, problem: LatentEquation, _goal: Goal, /) -> Ready:
        """Compile, and make the first step."""
        step = _training(problem)
        first = np.asarray(step())[:1]

        def run() -> Any:
            return jax.block_until_ready(step())

        return Ready(run, before=lambda: None, value=first, least=3)


OUR_LATENT_EQUATION = OurLatentEquation()


def model_of(problem: LatentEquation) -> LatentSDE:
    """Our model with the weights of the problem."""
    diffusion = ComponentDiffusion(problem.latent, problem.hidden, least=0.0, key=jax.random.key(0))
    model = LatentSDE(
        problem.channels,
        problem.latent,
        problem.hidden,
        context_size=problem.context,
        width=problem.hidden,
        diffusion=diffusion,
        likelihood=GaussianLikelihood(problem.channels, SCALE),
        key=jax.random.key(0),
    )
    weights = {name: jax.tree.map(jnp.asarray, pair) for name, pair in problem.weights.items()}
    pairs = [
        *_gru(model, weights, problem),
        *_layer(lambda m: m.encoder.readout, weights["context"]),
        *_layer(lambda m: m.initial, weights["initial"]),
        *_layer(lambda m: m.decoder, weights["decoder"]),
        (lambda m: m.posterior_drift.of_state.weight, weights["f0"][0][:, : problem.latent]),
        (lambda m: m.posterior_drift.of_state.bias, weights["f0"][1]),
        (lambda m: m.posterior_drift.of_context.weight, weights["f0"][0][:, problem.latent :]),
        *_layer(lambda m: m.posterior_drift.rest.layers[0], weights["f1"]),
        *_layer(lambda m: m.posterior_drift.rest.layers[1], weights["f2"]),
        *_layer(lambda m: m.prior_drift.layers[0], weights["h0"]),
        *_layer(lambda m: m.prior_drift.layers[1], weights["h1"]),
        *_layer(lambda m: m.prior_drift.layers[2], weights["h2"]),
        *_diffusion(weights, problem.latent),
    ]
    return eqx.tree_at(lambda m: [where(m) for where, _ in pairs], model, [value for _, value in pairs])


def first_loss(problem: LatentEquation) -> np.ndarray:
    """The loss before the first step, along other paths than those of the step."""
    loss, _ = eqx.filter_jit(ELBO())(model_of(problem), _batch(problem), jax.random.key(7))
    return np.asarray(loss)[None]


_Pairs = list[tuple[Callable[[Any], Any], Any]]


def _layer(where: Callable[[Any], Any], pair: Any) -> _Pairs:
    return [(lambda m: where(m).weight, pair[0]), (lambda m: where(m).bias, pair[1])]


def _gru(model: LatentSDE, weights: Any, problem: LatentEquation) -> _Pairs:
    """Our GRU's weights: zero for masks and gaps, which other sides do not read; the new state's bias is separate."""
    inputs, state, h = weights["gru_in"], weights["gru_state"], problem.hidden
    wide = jnp.zeros_like(model.encoder.cell.weight_ih).at[:, : problem.channels].set(inputs[0])
    return [
        (lambda m: m.encoder.cell.weight_ih, wide),
        (lambda m: m.encoder.cell.weight_hh, state[0]),
        (lambda m: m.encoder.cell.bias, inputs[1] + state[1].at[2 * h :].set(0.0)),
        (lambda m: m.encoder.cell.bias_n, state[1][2 * h :]),
    ]


def _diffusion(weights: Any, size: int) -> _Pairs:
    each = range(size)
    return [
        (lambda m: m.diffusion.weight, jnp.stack([weights[f"g{i}_in"][0][:, 0] for i in each])),
        (lambda m: m.diffusion.bias, jnp.stack([weights[f"g{i}_in"][1] for i in each])),
        (lambda m: m.diffusion.out_weight, jnp.stack([weights[f"g{i}_out"][0][0] for i in each])),
        (lambda m: m.diffusion.out_bias, jnp.stack([weights[f"g{i}_out"][1][0] for i in each])),
    ]


def _batch(problem: LatentEquation) -> Batch:
    ts, ys = problem.series
    return pad(nde.TimeSeries.from_arrays(ys, np.tile(ts, (problem.batch, 1))))


def _training(problem: LatentEquation) -> Callable[[], Any]:
    batch = _batch(problem)
    settings = {"average": None, "curriculum": None, "key": jax.random.key(0)}
    placement = Placement(None, batch)
    step = Step(model_of(problem), ELBO(), optax.adam(LEARNING_RATE), placement=placement, **settings)
    descent = step.start()

    def advance() -> Any:
        nonlocal descent
        descent, told = step(descent, batch, None)
        return told.numbers

    return advance
