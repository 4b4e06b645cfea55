"""How many evaluations the seminorm saves in the adjoint equation during training.

Source: Kidger, Chen and Lyons, *"Hey, that's not an ODE": faster ODE adjoints via seminorms* (2021),
doi:10.48550/arXiv.2009.09457; the equation of the second task as in Zhong, Dey and Chakraborty, *Symplectic ODE-Net*
(2020), doi:10.48550/arXiv.1909.12077.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import optax
from jaxtyping import Array

import nde
from experiments.adjoints import applied, perceptron

NORMS: dict[str, Any] = {
    "of all numbers": nde.rms_norm,
    "the largest of parts": lambda error: jnp.max(jnp.stack([nde.rms_norm(leaf) for leaf in jax.tree.leaves(error)])),
    "the seminorm": nde.adjoint_rms_seminorm,
}
"""Norms for the step size of the backward solve: the root mean square; the largest root mean square over solution,
cotangent and each parameter array, as in torchdiffeq; and that of solution and cotangent alone."""

BATCH = 32
SEEDS, STEPS, EVERY = 3, 60, 10
"""Networks per tolerance, their training steps, and how often evaluations are counted."""
_COLORS = ("#0b6e99", "#5a9e4b", "#d1741f")

Told = Callable[[Any], None]


class Task(NamedTuple):
    """A differential equation with a network to train.

    Attributes:
        draw: From a key to weights and data.
        term: From weights, data and a callback for each evaluation to the right-hand side.
        first: From weights and data to the initial states.
        loss: From weights, data and the states at the save times to a number.
        ts: Save times.
        tolerances: Relative and absolute, the same forward and backward.
    """

    draw: Callable[[Array], tuple[Any, Any]]
    term: Callable[[Any, Any, Told], nde.AbstractTerm]
    first: Callable[[Any, Any], Array]
    loss: Callable[[Any, Any, Array], Array]
    ts: tuple[float, ...]
    tolerances: tuple[tuple[float, float], ...]


HIDDEN, CHANNELS, KNOTS = 16, 3, 20


def _spirals(key: Array) -> tuple[Any, Any]:
    """Noisy spirals with time as a channel, half of them in the other direction, and the weights of a classifier."""
    weights, noise, phases = jax.random.split(key, 3)
    ts = jnp.linspace(0.0, 1.0, KNOTS)
    way = jnp.where(jnp.arange(BATCH) % 2 == 0, 1.0, -1.0)[:, None]
    angle = 2 * jnp.pi * (way * 1.5 * ts + jax.random.uniform(phases, (BATCH, 1)))
    curve = jnp.stack([jnp.cos(angle), jnp.sin(angle)], axis=-1) * (1 - ts / 2)[:, None]
    curve = curve + 0.1 * jax.random.normal(noise, curve.shape)
    xs = jnp.concatenate([jnp.broadcast_to(ts[:, None], (BATCH, KNOTS, 1)), curve], axis=-1)
    sizes = ((CHANNELS, HIDDEN), (HIDDEN, 32, 32, HIDDEN * CHANNELS), (HIDDEN, 1))
    keys = jax.random.split(weights, len(sizes))
    return [perceptron(k, size) for k, size in zip(keys, sizes, strict=True)], (xs, way[:, 0])


def _controlled(weights: Any, data: Any, told: Told) -> nde.AbstractTerm:
    ts = jnp.linspace(0.0, 1.0, KNOTS)
    path = nde.CubicInterpolation(ts, nde.natural_cubic_coefficients(ts, jnp.moveaxis(data[0], 0, 1)))

    def field(t: Any, y: Array, _: Any) -> Array:
        told(t)
        return jnp.tanh(applied(weights[1], y)).reshape(BATCH, HIDDEN, CHANNELS)

    return nde.ControlTerm(field, path, lambda f, dx: jnp.einsum("bij,bj->bi", f, dx)).to_ode()


def _shifted(key: Array) -> tuple[Any, Any]:
    """The same, with a time shift among the weights."""
    weights, data = _spirals(key)
    return [*weights, jnp.zeros(())], data


def _controlled_in_shifted_time(weights: Any, data: Any, told: Told) -> nde.AbstractTerm:
    ts = jnp.linspace(0.0, 1.0, KNOTS)
    path = nde.CubicInterpolation(ts, nde.natural_cubic_coefficients(ts, jnp.moveaxis(data[0], 0, 1)))

    def field(t: Any, y: Array, _: Any) -> Array:
        told(t)
        matrix = jnp.tanh(applied(weights[1], y)).reshape(BATCH, HIDDEN, CHANNELS)
        return jnp.einsum("bij,bj->bi", matrix, path.derivative(t + weights[3]))

    return nde.ODETerm(field)


def _classified(weights: Any, data: Any, ys: Array) -> Array:
    return jnp.mean(jax.nn.softplus(-data[1] * applied(weights[2], ys[-1])[:, 0]))


PENDULUMS_TS = (2.5, 5.0, 7.5, 10.0)


def _pendulums(key: Array) -> tuple[Any, Any]:
    """Two pendulums coupled by a spring, and the weights of the correction to the oscillators' Hamiltonian."""
    weights, start = jax.random.split(key)
    y0 = jax.random.normal(start, (BATCH, 4))

    def field(_: Any, y: Array, __: Any) -> Array:
        place, momentum = jnp.split(y, 2, axis=1)
        return jnp.concatenate([momentum, -jnp.sin(place) - 0.5 * (place - place[:, ::-1])], axis=1)

    saveat = nde.SaveAt(ts=jnp.array(PENDULUMS_TS))
    steps = nde.PIDController(rtol=1e-8, atol=1e-8)
    ys = nde.diffeqsolve(
        nde.ODETerm(field), nde.Dopri8(), 0.0, PENDULUMS_TS[-1], None, y0, saveat=saveat, stepsize_controller=steps
    ).ys
    return perceptron(weights, (4, 64, 64, 1)), (y0, ys)


def _hamiltonian(weights: Any, data: Any, told: Told) -> nde.AbstractTerm:
    del data

    def field(t: Any, y: Array, _: Any) -> Array:
        told(t)
        slope = y + jax.grad(lambda y: jnp.sum(applied(weights, y)))(y)
        place, momentum = jnp.split(slope, 2, axis=1)
        return jnp.concatenate([momentum, -place], axis=1)

    return nde.ODETerm(field)


_CONTROLLED = Task(
    _spirals,
    _controlled,
    lambda weights, data: applied(weights[0], data[0][:, 0]),
    _classified,
    (1.0,),
    ((1e-3, 1e-6), (1e-4, 1e-7), (1e-5, 1e-8)),
)

TASKS: dict[str, Task] = {
    "neural CDE": _CONTROLLED,
    "neural CDE, and time": _CONTROLLED._replace(draw=_shifted, term=_controlled_in_shifted_time),
    "Hamiltonian": Task(
        _pendulums,
        _hamiltonian,
        lambda _, data: data[0],
        lambda _, data, ys: jnp.mean((ys - data[1]) ** 2),
        PENDULUMS_TS,
        ((1e-4, 1e-4),),
    ),
}
"""Tasks with the source's tolerances. The second also integrates the derivative with respect to a time shift."""


def run(folder: Path, quick: bool) -> None:
    """Count evaluations, and write the table, the numbers and the plot."""
    seeds, steps = (1, EVERY) if quick else (SEEDS, STEPS)
    with jax.enable_x64(True):
        counts = {name: counted(task, seeds, steps, quick) for name, task in TASKS.items()}
    told = {"steps": steps, "every": EVERY, "evaluations": counts}
    (folder / "seminorm.json").write_text(json.dumps(told) + "\n", encoding="utf-8")
    (folder / "seminorm.md").write_text(table(told), encoding="utf-8")
    picture(told, folder / "seminorm.png")


def counted(task: Task, seeds: int, steps: int, quick: bool = False) -> dict[str, list[list[list[int]]]]:
    """By tolerance and network, the backward evaluations with each norm at each count."""
    course = _course(task)
    wanted = task.tolerances[:1] if quick else task.tolerances
    return {f"{rtol:g}, {atol:g}": [course(seed, rtol, atol, steps) for seed in range(seeds)] for rtol, atol in wanted}


def _course(task: Task) -> Callable[[int, float, float, int], list[list[int]]]:
    """Train a network with gradients by the seminorm, and count evaluations on the way."""
    calls: list[float] = []
    ts = jnp.array(task.ts)

    def told(t: Any) -> None:
        jax.debug.callback(lambda t: calls.append(float(t)), t)

    def loss(weights: Any, data: Any, rtol: Array, atol: Array, norm: Any) -> Array:
        back = nde.PIDController(rtol=rtol, atol=atol, norm=norm)
        sol = nde.diffeqsolve(
            task.term(weights, data, told),
            nde.Dopri5(),
            0.0,
            task.ts[-1],
            None,
            task.first(weights, data),
            saveat=nde.SaveAt(ts=ts),
            stepsize_controller=nde.PIDController(rtol=rtol, atol=atol),
            adjoint=nde.BacksolveAdjoint(stepsize_controller=back),
        )
        return task.loss(weights, data, sol.ys)

    def gradient_with(norm: Any) -> Callable[..., Any]:
        return jax.jit(jax.grad(lambda weights, data, rtol, atol: loss(weights, data, rtol, atol, norm)))

    forward = jax.jit(lambda weights, data, rtol, atol: loss(weights, data, rtol, atol, nde.rms_norm))
    gradients = [gradient_with(norm) for norm in NORMS.values()]
    optimizer = optax.adam(3e-3)

    def calls_of(fn: Any, *given: Any) -> tuple[Any, int]:
        calls.clear()
        value = jax.block_until_ready(fn(*given))
        jax.effects_barrier()
        return value, len(calls)

    def course(seed: int, rtol: float, atol: float, steps: int) -> list[list[int]]:
        weights, data = task.draw(jax.random.key(seed))
        state, rows = optimizer.init(weights), []
        for step in range(steps + 1):
            given = (weights, data, jnp.asarray(rtol), jnp.asarray(atol))
            if step % EVERY == 0:
                _, ahead = calls_of(forward, *given)
                rows.append([calls_of(gradient, *given)[1] - ahead for gradient in gradients])
            change, state = optimizer.update(gradients[-1](*given), state)
            weights = optax.apply_updates(weights, change)
        return rows

    return course


def saved(networks: list[list[list[int]]]) -> list[float]:
    """The share of evaluations that the seminorm saves over the largest norm of parts, by network and count."""
    return [1 - few / many for network in networks for _, many, few in network]


def table(told: dict[str, Any]) -> str:
    """The results as a page."""
    lines = [f"| task | rtol, atol | {' | '.join(NORMS)} | fewer |", "| --- |" + " --- |" * (len(NORMS) + 2)]
    for name, by in told["evaluations"].items():
        for tolerance, networks in by.items():
            medians = " | ".join(f"{count:.0f}" for count in np.median(np.concatenate(networks), axis=0))
            lines.append(f"| {name} | {tolerance} | {medians} | {np.median(saved(networks)):.0%} |")
    networks = next(iter(next(iter(told["evaluations"].values())).values()))
    return f"""# What the seminorm saves

`python -m experiments seminorm`, in float64: evaluations of the vector field on the way back of `BacksolveAdjoint` with
Dopri5, forward solve not counted, by the norm that steps back are chosen by. {len(networks)} networks for each row, a
batch of {BATCH}, counted before and at every {told["every"]}th of {told["steps"]} steps of training (Adam, 0.003, along
gradients with the seminorm), at the same weights for each norm; medians. *Fewer* is the median share that the seminorm
saves beside the largest norm of parts (solution, cotangent, each array of parameters), torchdiffeq's.

{chr(10).join(lines)}

The source has a median of 40% over its tasks. Its adjoint equation has one more integral, the cotangent of time, which
its seminorm leaves out with those of parameters; `nde` has derivatives to times from the vector field at these times,
and integrates none. *Neural CDE, and time* has such an integral, a shift of time among the weights: its integrand has
kinks at the knots of the path. That this is what most of the 40% were is likely, and was not tried with the source's
programs.

![Share saved, and evaluations during training](seminorm.png)
"""


def picture(told: dict[str, Any], path: Path) -> None:
    """The saved share at each tolerance, and evaluations during training."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8), layout="constrained")
    labels, shares = [], []
    for name, by in told["evaluations"].items():
        for tolerance, networks in by.items():
            labels.append(f"{name}\n{tolerance}".replace(", and", "\nand"))
            shares.append([100 * share for share in saved(networks)])
    left.boxplot(shares, tick_labels=labels, medianprops={"color": _COLORS[2]})
    left.axhline(0, color="#cccccc", linewidth=0.8)
    left.tick_params(axis="x", labelsize=6)
    left.set_ylabel("evaluations saved (%)")
    for (name, by), color in zip(told["evaluations"].items(), _COLORS, strict=True):
        tolerance, networks = next(iter(by.items()))
        course = np.median(np.array(networks), axis=0)
        steps = told["every"] * np.arange(len(course))
        right.plot(steps, course[:, 2], "o-", color=color, markersize=3, label=f"{name}, {tolerance}: seminorm")
        right.plot(steps, course[:, 1], "o--", color=color, markersize=3, label="largest of parts")
    right.set(xlabel="step of training", ylabel="evaluations on the way back", ylim=(0, None))
    right.legend(fontsize=7)
    figure.savefig(path, dpi=150)
    plt.close(figure)
