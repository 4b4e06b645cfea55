"""A deep equilibrium model of handwritten digits, beside a multilayer perceptron with as many parameters.

Source: Bai, Kolter and Koltun, *Deep equilibrium models* (2019), doi:10.48550/arXiv.1909.01377.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import optax
from jaxtyping import Array
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import nde
from nde.implicit import Anderson, ImplicitGradient, Picard, UnrolledGradient

SPLITS, EPOCHS, BATCH = 5, 300, 128
RATE, DECAY = 3e-3, 1e-4
"""Learning rate, which falls as a cosine, and weight decay of AdamW."""
NOISE, DROPOUT = 0.2, 0.4
"""Standard deviation of normal numbers added to pixels between 0 and 1, and the probability of dropout."""
STATE, HIDDEN, BOUND = 67, 128, 0.97
TOLERANCE, MOST_STEPS = 1e-4, 400
MEMORY_STEPS = (10, 20, 40, 80)
"""Most steps of the solver in the memory table."""
_COLORS = {"DEQ": "#0b6e99", "MLP": "#8a8a8a", "Anderson": "#0b6e99", "Picard": "#d1741f"}


class Split(NamedTuple):
    """Images as vectors, and their digits."""

    xs: Array
    digits: Array
    test_xs: Array
    test_digits: Array


class Perceptron(eqx.Module):
    """The multilayer perceptron, with dropout of its hidden layer as the equilibrium has."""

    first: eqx.nn.Linear
    last: eqx.nn.Linear

    def __init__(self, key: Array) -> None:
        keys = jax.random.split(key)
        self.first, self.last = eqx.nn.Linear(64, HIDDEN, key=keys[0]), eqx.nn.Linear(HIDDEN, 10, key=keys[1])

    def __call__(self, xs: Array, *, key: Array | None = None, batched: bool = False) -> Array:
        """Return the logits, as those of the equilibrium model."""
        first, last = (jax.vmap(layer) if batched else layer for layer in (self.first, self.last))
        hidden = jax.nn.relu(first(xs))
        if key is not None:
            hidden *= jax.random.bernoulli(key, 1 - DROPOUT, hidden.shape) / (1 - DROPOUT)
        return last(hidden)


def equilibrium_model(key: Array, **options: Any) -> nde.models.VectorDEQ:
    """The deep equilibrium model."""
    return nde.models.VectorDEQ(64, STATE, 10, bound=BOUND, dropout=DROPOUT, key=key, **{"throw": False} | options)


MODELS: dict[str, Callable[[Array], Any]] = {"DEQ": equilibrium_model, "MLP": Perceptron}


def run(folder: Path, quick: bool) -> None:
    """Train and measure, and write the table, the numbers and the plot."""
    splits, epochs = (1, 2) if quick else (SPLITS, EPOCHS)
    steppers = {name: trainer(epochs) for name in MODELS}
    results = [on_split(seed, epochs, steppers) for seed in range(splits)]
    measured = {
        "parameters": {name: parameters(make(jax.random.key(0))) for name, make in MODELS.items()},
        "splits": results,
        "memory": memory(MEMORY_STEPS[:2] if quick else MEMORY_STEPS),
    }
    (folder / "digits.json").write_text(json.dumps(measured) + "\n", encoding="utf-8")
    (folder / "digits.md").write_text(table(measured), encoding="utf-8")
    picture(measured, folder / "digits.png")


def split_of(seed: int) -> Split:
    """A random fifth of the images for testing."""
    xs, digits = load_digits(return_X_y=True)
    parts = train_test_split((xs / 16).astype(np.float32), digits, test_size=0.2, random_state=seed)
    xs, test_xs, digits, test_digits = (jnp.asarray(part) for part in parts)
    return Split(xs, digits, test_xs, test_digits)


def parameters(model: Any) -> int:
    """How many numbers are trained."""
    return sum(leaf.size for leaf in jax.tree.leaves(eqx.filter(model, eqx.is_inexact_array)))


def loss_of(model: Any, xs: Array, digits: Array, key: Array) -> Array:
    """Cross-entropy with noise and dropout."""
    noise, drop = jax.random.split(key)
    logits = model(xs + NOISE * jax.random.normal(noise, xs.shape), key=drop, batched=True)
    return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(logits, digits))


def trainer(epochs: int) -> Callable[..., Any]:
    """The function that trains a model on a split, compiled once for all splits."""

    def train(model: Any, split: Split, key: Array) -> tuple[Any, Array]:
        count = len(split.xs) // BATCH
        optimizer = optax.adamw(optax.cosine_decay_schedule(RATE, epochs * count), weight_decay=DECAY)
        weights, rest = eqx.partition(model, eqx.is_inexact_array)

        def step(carry: Any, given: Any) -> tuple[Any, Array]:
            weights, state = carry
            chosen, key = given
            loss = lambda w: loss_of(eqx.combine(w, rest), split.xs[chosen], split.digits[chosen], key)
            value, slope = jax.value_and_grad(loss)(weights)
            change, state = optimizer.update(slope, state, weights)
            return (optax.apply_updates(weights, change), state), value

        def epoch(carry: Any, key: Array) -> tuple[Any, Array]:
            order, steps = jax.random.split(key)
            chosen = jax.random.permutation(order, len(split.xs))[: count * BATCH].reshape(count, BATCH)
            carry, losses = jax.lax.scan(step, carry, (chosen, jax.random.split(steps, count)))
            return carry, jnp.mean(losses)

        (weights, _), losses = jax.lax.scan(epoch, (weights, optimizer.init(weights)), jax.random.split(key, epochs))
        return eqx.combine(weights, rest), losses

    return eqx.filter_jit(train)


def on_split(seed: int, epochs: int, trainers: dict[str, Callable[..., Any]]) -> dict[str, Any]:
    """Accuracies, the norm of the recurrent weights, and how many steps each test image takes."""
    split = split_of(seed)
    first, order = jax.random.split(jax.random.key(seed))
    accuracies, losses = {}, {}
    trained = None
    for name in reversed(MODELS):
        trained, history = trainers[name](MODELS[name](first), split, order)
        losses[name] = [float(loss) for loss in history]
        accuracies[name] = float(jnp.mean(jnp.argmax(trained(split.test_xs, batched=True), 1) == split.test_digits))
    return {"accuracy": accuracies, "loss": losses, "epochs": epochs, **solved(trained, split.test_xs)}


def solved(model: Any, xs: Array) -> dict[str, Any]:
    """By solver, the steps to the tolerance, and how many images miss it."""
    steps, missed = {}, {}
    weight = nde.nn.with_values(model.layer.f).linear.weight
    us = jax.vmap(model.inject)(xs)
    for solver in (Picard(), Anderson()):
        layer = nde.models.DEQ(
            model.layer.f, STATE, solver=solver, rtol=TOLERANCE, atol=0.0, max_steps=MOST_STEPS, throw=False
        )
        sol = layer.solve(us, batched=True)
        name = type(solver).__name__
        steps[name] = [int(count) for count in sol.stats["num_steps"]]
        missed[name] = int(jnp.sum(jnp.asarray(sol.result != nde.RESULTS.successful)))
    return {"steps": steps, "missed": missed, "norm": float(jnp.linalg.norm(weight, 2))}


def memory(steps: tuple[int, ...]) -> dict[str, list[int]]:
    """Temporary bytes of a gradient, by gradient and most steps of the solver."""
    xs, digits = jnp.zeros((BATCH, 64)), jnp.zeros(BATCH, int)

    def weighed(count: int, **options: Any) -> int:
        model = equilibrium_model(jax.random.key(0), max_steps=count, **options)
        weights, rest = eqx.partition(model, eqx.is_inexact_array)
        loss = lambda w: loss_of(eqx.combine(w, rest), xs, digits, jax.random.key(0))
        return nde.compiled_memory(jax.grad(loss), weights)

    implicit = {"gradient": ImplicitGradient(nde.implicit.LinearFixedPoint())}
    unrolled = {"gradient": UnrolledGradient(), "solver": Picard()}
    return {
        "implicit gradient, Anderson": [weighed(count, **implicit) for count in steps],
        "unrolled gradient, Picard": [weighed(count, **unrolled) for count in steps],
        "steps": list(steps),
    }


def table(measured: dict[str, Any]) -> str:
    """Accuracies, steps and memory."""
    rows = measured["splits"]
    lines = ["| split | DEQ | MLP | norm of W | Picard: mean, most | Anderson: mean, most |", "| --- |" + " --- |" * 5]
    for seed, row in enumerate(rows):
        by = [f"{np.mean(row['steps'][name]):.1f}, {max(row['steps'][name])}" for name in ("Picard", "Anderson")]
        scores = " | ".join(f"{100 * row['accuracy'][name]:.2f}%" for name in MODELS)
        lines.append(f"| {seed} | {scores} | {row['norm']:.2f} | {by[0]} | {by[1]} |")
    means = {name: 100 * float(np.mean([row["accuracy"][name] for row in rows])) for name in MODELS}
    ratio = np.mean([row["steps"]["Anderson"] for row in rows]) / np.mean([row["steps"]["Picard"] for row in rows])
    missed = sum(sum(row["missed"].values()) for row in rows)
    sizes = measured["memory"]
    weights = ["| gradient | " + " | ".join(f"{n} steps" for n in sizes["steps"]) + " |"]
    weights.append("| --- |" + " --- |" * len(sizes["steps"]))
    for name, row in sizes.items():
        if name != "steps":
            weights.append(f"| {name} | " + " | ".join(f"{size / 1e6:.2f}" for size in row) + " |")
    return f"""# A deep equilibrium model of digits

`python -m experiments digits`, in float32. The 1,797 digits of scikit-learn, {len(rows)} random splits with a fifth for
testing. `VectorDEQ` with a state of {STATE}, ReLU and the bound {BOUND}: {measured["parameters"]["DEQ"]:,} parameters;
a multilayer perceptron 64-{HIDDEN}-10: {measured["parameters"]["MLP"]:,}. Both are trained alike: {rows[0]["epochs"]}
epochs of AdamW, batches of {BATCH}, noise of {NOISE} on the pixels, dropout of {DROPOUT} before the last layer. These
were chosen on other splits.

{chr(10).join(lines)}

Mean accuracy: DEQ {means["DEQ"]:.2f}%, MLP {means["MLP"]:.2f}%. Steps of the test images are those from zero to a
relative residual of {TOLERANCE:g}: Anderson takes {ratio:.2f} of those of Picard in the mean. Images that miss it:
{missed}.

Temporary megabytes of the gradient of a training step, by the compiler's account:

{chr(10).join(weights)}

![Accuracy, steps and memory](digits.png)
"""


def picture(measured: dict[str, Any], path: Path) -> None:
    """Accuracy by split, distribution of steps, and memory by steps."""
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(10, 3.2), layout="constrained")
    rows = measured["splits"]
    for name, shift in zip(MODELS, (-0.08, 0.08), strict=True):
        scores = [100 * row["accuracy"][name] for row in rows]
        left.plot(np.arange(len(rows)) + shift, scores, "o", color=_COLORS[name], label=name)
    left.set(xlabel="split", ylabel="test accuracy (%)", xticks=range(len(rows)))
    left.legend(fontsize=8, loc="lower left")
    for name in ("Picard", "Anderson"):
        counts = np.concatenate([row["steps"][name] for row in rows])
        bins = np.arange(counts.min(), counts.max() + 2) - 0.5
        middle.hist(counts, bins, color=_COLORS[name], alpha=0.7, label=name)
    middle.set(xlabel=f"steps to {TOLERANCE:g}", ylabel="test images")
    middle.legend(fontsize=8)
    sizes = measured["memory"]
    for name, color in zip(list(sizes)[:2], ("#0b6e99", "#d1741f"), strict=True):
        right.plot(sizes["steps"], np.array(sizes[name]) / 1e6, "o-", color=color, label=name)
    right.set(xlabel="most steps of the solver", ylabel="memory of the gradient (MB)", ylim=(0, None))
    right.legend(fontsize=8)
    figure.savefig(path, dpi=150)
    plt.close(figure)
