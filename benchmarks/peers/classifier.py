"""Classifier training steps in JAX: ours from `nde.train.fit`, Diffrax's with Equinox and Optax."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import optax

from benchmarks.classifier import LEARNING_RATE, LOSSES, Classifier, agreeing, bare_logits, stacked
from benchmarks.goal import Goal
from benchmarks.side import Ready
from benchmarks.timing import fastest
from nde.models import NeuralCDE
from nde.train.devices import Placement
from nde.train.step import Step

Training = Callable[[], Callable[[], Any]]
"""Starts a training; returns a function that makes the next step and returns its loss, possibly with other values."""


@dataclass(frozen=True)
class JaxClassifier:
    """A JAX library.

    Args:
        name: its name in the table.
        trainings: the training functions to try, by name; the fastest is kept.
        first: whether to time the first step, including compilation, instead of later ones.
    """

    name: str
    trainings: Callable[[Any], Mapping[str, Training]]
    first: bool = False

    def installed(self) -> bool:
        """Whether the library is installed: its module was imported."""
        return True

    def start(self, problem: Any, goal: Goal, /) -> Ready:
        """Compile each training function, check its losses, and keep the fastest."""
        ready = self._first if self.first else _next
        ways = self.trainings(problem).items()
        return fastest([agreeing(self.name, ready(training, way), goal) for way, training in ways], runs=3)

    def _first(self, training: Training, way: str) -> Ready:
        def run() -> Any:
            return jax.block_until_ready(training()())

        return Ready(run, before=jax.clear_caches, setting=way, least=5)


def _next(training: Training, way: str) -> Ready:
    step = training()
    losses = stacked([step() for _ in range(LOSSES)])

    def run() -> Any:
        return jax.block_until_ready(step())

    return Ready(run, before=run, value=losses, setting=way)


def _cross_entropy(logits: Any, labels: Any) -> Any:
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


def _trained_by_us(problem: Classifier) -> Mapping[str, Training]:
    """The step that `nde.train.fit` repeats."""
    model = NeuralCDE(
        problem.channels,
        problem.hidden,
        problem.classes,
        width=problem.width,
        depth=1,
        integrals=0.0,
        key=jax.random.key(0),
    )
    model = _with_weights(model, lambda m: m.vector_field.network, problem)

    def loss(model: Any, batch: Any, _key: Any) -> Any:
        ts, ys, labels = batch
        return _cross_entropy(jax.vmap(model)(ts, ys), labels)

    def training() -> Callable[[], Any]:
        batch = jax.device_put(problem.series)
        settings = {"average": None, "curriculum": None, "key": jax.random.key(0)}
        step = Step(model, loss, optax.adam(LEARNING_RATE), placement=Placement(None, batch), **settings)
        descent = step.start()

        def advance() -> Any:
            nonlocal descent
            descent, told = step(descent, batch, None)
            return told.numbers

        return advance

    return {"": training}


class DiffraxClassifier(eqx.Module):
    """The same model, written with Equinox and Diffrax.

    It solves the control term directly. With its ODE (`to_ode`), Diffrax takes the derivative at a knot from the
    previous interval, even for a step that starts there, which gives a different loss.
    """

    initial: eqx.nn.Linear
    network: eqx.nn.MLP
    readout: eqx.nn.Linear
    options: Mapping[str, Any] = eqx.field(static=True)

    def __init__(self, problem: Classifier, options: Mapping[str, Any]) -> None:
        hidden, size, key = problem.hidden, problem.hidden * problem.channels, jax.random.key(0)
        self.initial = eqx.nn.Linear(problem.channels, hidden, key=key)
        self.network = eqx.nn.MLP(hidden, size, problem.width, 1, jax.nn.softplus, jnp.tanh, key=key)
        self.readout = eqx.nn.Linear(hidden, problem.classes, key=key)
        self.options = options

    def __call__(self, ts: jax.Array, ys: jax.Array) -> jax.Array:
        """The logits of one series."""
        term = diffrax.ControlTerm(
            lambda _t, z, _args: self.network(z).reshape(len(z), -1), diffrax.LinearInterpolation(ts, ys)
        )
        solution = diffrax.diffeqsolve(
            term,
            diffrax.Heun(),
            ts[0],
            ts[-1],
            None,
            self.initial(ys[0]),
            stepsize_controller=diffrax.StepTo(ts),
            max_steps=len(ts),
            **self.options,
        )
        return self.readout(solution.ys[-1])


def _trained_by_diffrax(problem: Classifier, options: Mapping[str, Any]) -> Training:
    model = _with_weights(DiffraxClassifier(problem, options), lambda m: m.network, problem)
    weights, rest = eqx.partition(model, eqx.is_inexact_array)
    return _plain(weights, lambda w, ts, ys: jax.vmap(eqx.combine(w, rest))(ts, ys), problem)


def _plain(weights: Any, logits: Callable[..., Any], problem: Classifier) -> Training:
    """A compiled step of Optax that does not overwrite the given weights."""
    optimizer = optax.adam(LEARNING_RATE)

    def training() -> Callable[[], Any]:
        @jax.jit
        def step(weights: Any, state: Any, ts: Any, ys: Any, labels: Any) -> tuple[Any, Any, Any]:
            loss, slope = jax.value_and_grad(lambda w: _cross_entropy(logits(w, ts, ys), labels))(weights)
            updates, state = optimizer.update(slope, state)
            return optax.apply_updates(weights, updates), state, loss

        now, state, batch = jax.device_put(weights), jax.jit(optimizer.init)(weights), jax.device_put(problem.series)

        def advance() -> Any:
            nonlocal now, state
            now, state, loss = step(now, state, *batch)
            return loss

        return advance

    return training


def _with_weights(model: Any, network: Callable[[Any], eqx.nn.MLP], problem: Classifier) -> Any:
    """A model with the weights of the problem."""

    def layers(model: Any) -> list[Any]:
        linear = [model.initial, *network(model).layers, model.readout]
        return [x for layer in linear for x in (layer.weight, layer.bias)]

    return eqx.tree_at(layers, model, [jnp.asarray(x) for layer in problem.weights.values() for x in layer])


def _diffrax_tuned(problem: Classifier) -> Mapping[str, Training]:
    """Settings that do not change the result."""
    adjoints = {
        "throw=False": diffrax.RecursiveCheckpointAdjoint(),
        f"checkpoints={problem.times}": diffrax.RecursiveCheckpointAdjoint(checkpoints=problem.times),
        "DirectAdjoint": diffrax.DirectAdjoint(),
    }
    return {way: _trained_by_diffrax(problem, {"adjoint": each, "throw": False}) for way, each in adjoints.items()}


def _scanned(problem: Classifier) -> Mapping[str, Training]:
    """The arithmetic for the whole batch at once, differentiated by JAX."""
    return {
        "": _plain(problem.weights, lambda w, _ts, ys: bare_logits(w, ys[:, 0], jnp.diff(ys, axis=1)), problem),
    }


OUR_CLASSIFIER = JaxClassifier("nde", _trained_by_us)
DIFFRAX_CLASSIFIER = JaxClassifier("Diffrax", lambda problem: {"": _trained_by_diffrax(problem, {})})
DIFFRAX_CLASSIFIER_TUNED = JaxClassifier("Diffrax tuned", _diffrax_tuned)
SCANNED_CLASSIFIER = JaxClassifier("bare scan", _scanned)
