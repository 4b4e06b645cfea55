"""Errors of gradients by methods other than the default.

Source: Kidger, Foster, Li and Lyons, *Efficient and accurate gradients for neural SDEs* (2021),
doi:10.48550/arXiv.2105.13493.
"""

import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
from jax.flatten_util import ravel_pytree
from jaxtyping import Array

import nde

BATCH, STATE, WIDTH = 32, 4, 16
"""Sizes of the neural SDE: paths, their length, the hidden layer."""
STEPS = tuple(2**k for k in range(1, 11))
WAYS: dict[str, tuple[Any, Any]] = {
    "ReversibleHeun, taken back": (nde.ReversibleHeun(), nde.ReversibleAdjoint()),
    "Midpoint, adjoint equation": (nde.Midpoint(), nde.BacksolveAdjoint()),
    "Heun, adjoint equation": (nde.Heun(), nde.BacksolveAdjoint()),
}
_COLORS = ("#0b6e99", "#d1741f", "#8a8a8a")


def run(folder: Path, quick: bool) -> None:
    """Measure, and write the table, the numbers and the plot."""
    steps = STEPS[:3] if quick else STEPS
    with jax.enable_x64(True):
        errors = {name: [error(way, count) for count in steps] for name, way in WAYS.items()}
    told = {"steps": list(steps), "errors": errors}
    (folder / "adjoints.json").write_text(json.dumps(told) + "\n", encoding="utf-8")
    (folder / "adjoints.md").write_text(table(told), encoding="utf-8")
    picture(told, folder / "adjoints.png")


def perceptron(key: Array, sizes: tuple[int, ...]) -> list[tuple[Array, Array]]:
    """Weights and biases of an MLP."""
    keys = jax.random.split(key, len(sizes) - 1)
    pairs = zip(keys, sizes[:-1], sizes[1:], strict=True)
    return [(jax.random.normal(k, (m, n)) / m**0.5, jnp.zeros(n)) for k, m, n in pairs]


def applied(layers: list[tuple[Array, Array]], x: Array) -> Array:
    """Apply the MLP, with `tanh` after all layers but the last."""
    for weight, bias in layers[:-1]:
        x = jnp.tanh(x @ weight + bias)
    return x @ layers[-1][0] + layers[-1][1]


def error(way: tuple[Any, Any], steps: int) -> float:
    """The distance between this gradient of a neural SDE and the default's, relative to the larger norm."""
    solver, adjoint = way
    tree = nde.VirtualBrownianTree(0.0, 1.0, 1e-3, (BATCH, STATE), jax.random.key(0))
    keys = jax.random.split(jax.random.key(1), 3)
    weights = [perceptron(key, (STATE + 1, WIDTH, STATE)) for key in keys[:2]]
    y0 = jax.random.normal(keys[2], (BATCH, STATE))

    def loss(weights: Any, adjoint: Any) -> Array:
        def seen(t: Array, y: Array) -> Array:
            return jnp.concatenate([jnp.broadcast_to(t, (BATCH, 1)), y], axis=1)

        drift = nde.ODETerm(lambda t, y, _: applied(weights[0], seen(t, y)))
        noise = nde.ControlTerm(lambda t, y, _: jax.nn.sigmoid(applied(weights[1], seen(t, y))), tree)
        terms = nde.MultiTerm(drift, noise)
        return jnp.mean(nde.diffeqsolve(terms, solver, 0.0, 1.0, 1 / steps, y0, adjoint=adjoint).ys ** 2)

    gradient = jax.jit(jax.grad(loss), static_argnums=1)
    ours, expected = (ravel_pytree(gradient(weights, each))[0] for each in (adjoint, nde.RecursiveCheckpointAdjoint()))
    size = max(jnp.sum(jnp.abs(ours)), jnp.sum(jnp.abs(expected)))
    return float(jnp.sum(jnp.abs(ours - expected)) / size)


def table(told: dict[str, Any]) -> str:
    """Errors by step size."""
    head = "| way | " + " | ".join(f"1/{count}" for count in told["steps"]) + " |"
    lines = [head, "| --- |" + " --- |" * len(told["steps"])]
    lines += [f"| {name} | " + " | ".join(f"{e:.0e}" for e in row) + " |" for name, row in told["errors"].items()]
    return f"""# How exact gradients are by other ways back

`python -m experiments adjoints`, in float64. A neural SDE of {STATE} components with diagonal noise, {BATCH} paths on
[0, 1]; the gradient of the mean square of the last states to all weights, against that of the discretized solve (the
default's), by the size of a step: the sum of absolute differences relative to that of the larger gradient.

{chr(10).join(lines)}

The source claims errors of 1e-2 to 1e-6 by the adjoint equation, and near rounding by steps taken back.

![Errors by the size of a step](adjoints.png)
"""


def picture(told: dict[str, Any], path: Path) -> None:
    """Plot errors by step size."""
    figure, axes = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
    for (name, row), color in zip(told["errors"].items(), _COLORS, strict=True):
        axes.loglog([1 / count for count in told["steps"]], row, "o-", color=color, label=name, markersize=4)
    axes.set(xlabel="size of a step", ylabel="relative error of the gradient")
    axes.legend(fontsize=8)
    figure.savefig(path, dpi=150)
    plt.close(figure)
