"""Gradients by other ways than the default: how exact they are, and how many evaluations a way back takes.

Source: Kidger, Foster, Li and Lyons, *Efficient and accurate gradients for neural SDEs* (2021),
doi:10.48550/arXiv.2105.13493; Kidger, Chen and Lyons, *"Hey, that's not an ODE": faster ODE adjoints via seminorms*
(2021), doi:10.48550/arXiv.2009.09457.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array

import nde

BATCH, STATE, WIDTH = 32, 4, 16
"""Of the neural SDE: paths, their length, the hidden layer."""
STEPS = tuple(2**k for k in range(1, 11))
WAYS: dict[str, tuple[Any, Any]] = {
    "ReversibleHeun, taken back": (nde.ReversibleHeun(), nde.ReversibleAdjoint()),
    "Midpoint, adjoint equation": (nde.Midpoint(), nde.BacksolveAdjoint()),
    "Heun, adjoint equation": (nde.Heun(), nde.BacksolveAdjoint()),
}

NORMS: dict[str, Any] = {
    "of all numbers": nde.rms_norm,
    "the largest of parts": lambda error: jnp.max(jnp.stack([nde.rms_norm(leaf) for leaf in jax.tree.leaves(error)])),
    "the seminorm": nde.adjoint_rms_seminorm,
}
"""By which the steps back are chosen: a mean square; the largest mean square of solution, cotangent, and each array of
parameters, as in torchdiffeq; and that of solution and cotangent alone."""

SEEDS = 10
TOLERANCES = (1e-3, 1e-5, 1e-7)
_COLORS = ("#0b6e99", "#d1741f", "#8a8a8a")


def run(folder: Path, quick: bool) -> None:
    """Measures both, and writes table, numbers and picture."""
    with jax.enable_x64(True):
        steps, seeds, tolerances = (STEPS[:3], 2, TOLERANCES[:1]) if quick else (STEPS, SEEDS, TOLERANCES)
        errors = {name: [error(way, count) for count in steps] for name, way in WAYS.items()}
        counts = {name: {f"{tol:g}": backward(task, tol, seeds) for tol in tolerances} for name, task in TASKS.items()}
    told = {"steps": list(steps), "errors": errors, "evaluations": counts}
    (folder / "adjoints.json").write_text(json.dumps(told) + "\n", encoding="utf-8")
    (folder / "adjoints.md").write_text(table(told), encoding="utf-8")
    picture(told, folder / "adjoints.png")


def perceptron(key: Array, sizes: tuple[int, ...]) -> list[tuple[Array, Array]]:
    """Weights and biases."""
    keys = jax.random.split(key, len(sizes) - 1)
    pairs = zip(keys, sizes[:-1], sizes[1:], strict=True)
    return [(jax.random.normal(k, (m, n)) / m**0.5, jnp.zeros(n)) for k, m, n in pairs]


def applied(layers: list[tuple[Array, Array]], x: Array) -> Array:
    """The perceptron, with `tanh` after all layers but the last."""
    for weight, bias in layers[:-1]:
        x = jnp.tanh(x @ weight + bias)
    return x @ layers[-1][0] + layers[-1][1]


def error(way: tuple[Any, Any], steps: int) -> float:
    """The distance of a gradient to the weights of a neural SDE from that of the default, relative to the larger."""
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


class Task(NamedTuple):
    """An equation with a network in it.

    Attributes:
        draw: From a key to weights, and to the first state and whatever else is random.
        term: From both, and from what is told of each evaluation, to the right-hand side.
        ts: Times to save at.
    """

    draw: Callable[[Array], tuple[Any, Any]]
    term: Callable[[Any, Any, Callable[[Any], None]], nde.AbstractTerm]
    ts: tuple[float, ...]


def _controlled_inputs(key: Array) -> tuple[Any, Any]:
    first, second, third = jax.random.split(key, 3)
    xs = jnp.cumsum(jax.random.normal(first, (11, 3)), axis=0) / 3
    return perceptron(second, (8, 64, 24)), (jax.random.normal(third, (8,)), xs)


def _controlled(weights: Any, rest: Any, told: Callable[[Any], None]) -> nde.AbstractTerm:
    ts = jnp.linspace(0.0, 1.0, 11)
    path = nde.CubicInterpolation(ts, nde.backward_hermite_coefficients(ts, rest[1]))

    def field(t: Any, y: Array, _: Any) -> Array:
        told(t)
        return jnp.tanh(applied(weights, y)).reshape(8, 3)

    return nde.ControlTerm(field, path).to_ode()


def _hamiltonian_inputs(key: Array) -> tuple[Any, Any]:
    first, second = jax.random.split(key)
    return perceptron(first, (6, 64, 64, 1)), (jax.random.normal(second, (6,)),)


def _hamiltonian(weights: Any, rest: Any, told: Callable[[Any], None]) -> nde.AbstractTerm:
    del rest

    def field(t: Any, y: Array, _: Any) -> Array:
        told(t)
        place, momentum = jnp.split(jax.grad(lambda y: applied(weights, y)[0] + jnp.sum(y**2))(y), 2)
        return jnp.concatenate([momentum, -place])

    return nde.ODETerm(field)


TASKS: dict[str, Task] = {
    "neural CDE": Task(_controlled_inputs, _controlled, (1.0,)),
    "Hamiltonian": Task(_hamiltonian_inputs, _hamiltonian, (1.0, 2.0, 3.0, 4.0, 5.0)),
}
"""A neural CDE along a random path with knots; three pairs of place and momentum that a network's gradient moves."""


def backward(task: Task, tolerance: float, seeds: int) -> list[list[int]]:
    """Evaluations on the way back, for each network with each norm."""
    return np.transpose([_backward(task, tolerance, seeds, norm) for norm in NORMS.values()]).tolist()


def _backward(task: Task, tolerance: float, seeds: int, norm: Any) -> list[int]:
    calls: list[float] = []

    def told(t: Any) -> None:
        jax.debug.callback(lambda t: calls.append(float(t)), t)

    def loss(weights: Any, rest: Any) -> Array:
        ts = jnp.array(task.ts)
        sol = nde.diffeqsolve(
            task.term(weights, jax.lax.stop_gradient(rest), told),
            nde.Dopri5(),
            0.0,
            ts[-1],
            None,
            rest[0],
            saveat=nde.SaveAt(ts=ts),
            stepsize_controller=nde.PIDController(rtol=tolerance, atol=tolerance),
            adjoint=nde.BacksolveAdjoint(
                stepsize_controller=nde.PIDController(rtol=tolerance, atol=tolerance, norm=norm)
            ),
        )
        return jnp.sum(sol.ys**2)

    both, forward = jax.jit(jax.grad(loss)), jax.jit(loss)

    def calls_of(fn: Any, seed: int) -> int:
        calls.clear()
        jax.block_until_ready(fn(*task.draw(jax.random.key(seed))))
        jax.effects_barrier()
        return len(calls)

    return [calls_of(both, seed) - calls_of(forward, seed) for seed in range(seeds)]


def saved(counts: list[list[int]]) -> list[float]:
    """For each network the share of the evaluations with the largest norm of parts that the seminorm saves."""
    return [1 - few / many for _, many, few in counts]


def table(told: dict[str, Any]) -> str:
    """Both tables."""
    head = "| way | " + " | ".join(f"1/{count}" for count in told["steps"]) + " |"
    lines = [head, "| --- |" + " --- |" * len(told["steps"])]
    lines += [f"| {name} | " + " | ".join(f"{e:.0e}" for e in row) + " |" for name, row in told["errors"].items()]
    counts = [f"| task | tolerance | {' | '.join(NORMS)} | fewer |", "| --- |" + " --- |" * (len(NORMS) + 2)]
    for name, by in told["evaluations"].items():
        for tolerance, each in by.items():
            medians = " | ".join(f"{count:.0f}" for count in np.median(np.array(each), axis=0))
            counts.append(f"| {name} | {tolerance} | {medians} | {np.median(saved(each)):.0%} |")
    seeds = len(next(iter(next(iter(told["evaluations"].values())).values())))
    return f"""# Other ways back

`python -m experiments adjoints`, in float64.

## How exact gradients are

A neural SDE of {STATE} components with diagonal noise, {BATCH} paths on [0, 1]; the gradient of the mean square of the
last states to all weights, against that of the discretized solve (the default's), by the size of a step: the sum of
absolute differences relative to that of the larger gradient.

{chr(10).join(lines)}

![Errors by the size of a step, and evaluations saved](adjoints.png)

## What the seminorm saves

Evaluations of the vector field on the way back, forward solve not counted, of `BacksolveAdjoint` with Dopri5 and equal
tolerances both ways, by the norm that steps back are chosen by: medians of {seeds} random networks, untrained. *Fewer*
is the median share that the seminorm saves beside the largest norm of parts, torchdiffeq's. The mean square of all
numbers, most of them cotangents of parameters with small errors, asks for less than its tolerance says.

{chr(10).join(counts)}

Both are the papers' claims: errors of 1e-2 to 1e-6 by the adjoint equation and near rounding by steps taken back; some
40 % fewer evaluations, on trained models.
"""


def picture(told: dict[str, Any], path: Path) -> None:
    """Errors by step, and the share saved on each network."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for (name, row), color in zip(told["errors"].items(), _COLORS, strict=True):
        left.loglog([1 / count for count in told["steps"]], row, "o-", color=color, label=name, markersize=4)
    left.set(xlabel="size of a step", ylabel="relative error of the gradient")
    left.legend(fontsize=8)
    labels, shares = [], []
    for name, by in told["evaluations"].items():
        for tolerance, each in by.items():
            labels.append(f"{name}\n{tolerance}")
            shares.append([100 * share for share in saved(each)])
    right.boxplot(shares, tick_labels=labels, medianprops={"color": _COLORS[1]})
    right.axhline(0, color="#cccccc", linewidth=0.8)
    right.tick_params(axis="x", labelsize=7)
    right.set_ylabel("evaluations saved by the seminorm (%)")
    figure.savefig(path, dpi=150)
    plt.close(figure)
