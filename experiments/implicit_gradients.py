"""Errors of gradients of a fixed point, beside their time and memory.

Sources: Bai, Kolter and Koltun, *Deep equilibrium models* (2019), doi:10.48550/arXiv.1909.01377; Geng, Zhang, Bai, Wang
and Lin, *On training implicit models* (2021), doi:10.48550/arXiv.2111.05177.
"""

import json
import time
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
from nde.implicit import (
    Anderson,
    Dense,
    ImplicitGradient,
    LinearFixedPoint,
    OneStepGradient,
    PhantomGradient,
    Picard,
    ReversibleGradient,
    ReversiblePicard,
    UnrolledGradient,
)

SMALL, LARGE = (12, 8), (67, 128)
"""Numbers of a state and members of a batch: for errors, and for time and memory."""
NORM, INPUT = 0.9, 8
TOLERANCES = tuple(10.0**-k for k in range(1, 10))
USUAL = 1e-4
"""The tolerance of the table."""
MOST_STEPS, REPEATS = 200, 30
DIFFERENCE = 1e-5


class Way(NamedTuple):
    """A gradient with the solver that it is for."""

    gradient: Any
    solver: Any


IFT, ONE_STEP, PHANTOM, REVERSIBLE, UNROLLED = (
    "implicit function",
    "one step",
    "phantom, 5 steps",
    "reversible",
    "unrolled",
)


def ways(rtol: float) -> dict[str, Way]:
    """The gradients, of which the implicit one solves its linear system to the same tolerance."""
    return {
        IFT: Way(ImplicitGradient(LinearFixedPoint(Anderson(), rtol=rtol, max_steps=MOST_STEPS)), Anderson()),
        ONE_STEP: Way(OneStepGradient(), Anderson()),
        PHANTOM: Way(PhantomGradient(5), Anderson()),
        REVERSIBLE: Way(ReversibleGradient(), ReversiblePicard()),
        UNROLLED: Way(UnrolledGradient(), Picard()),
    }


_COLORS = dict(zip(ways(USUAL), ("#0b6e99", "#8a8a8a", "#d1741f", "#5f8c3a", "#7a4f9a"), strict=True))


def run(folder: Path, quick: bool) -> None:
    """Measure, and write the table, the numbers and the plot."""
    tolerances, repeats = (TOLERANCES[:2], 2) if quick else (TOLERANCES, REPEATS)
    with jax.enable_x64(True):
        slopes = errors(tolerances)
    measured = {"tolerances": list(tolerances), "errors": slopes, **costs(repeats)}
    (folder / "implicit_gradients.json").write_text(json.dumps(measured) + "\n", encoding="utf-8")
    (folder / "implicit_gradients.md").write_text(table(measured), encoding="utf-8")
    picture(measured, folder / "implicit_gradients.png")


def problem(size: int, members: int) -> tuple[dict[str, Array], Array]:
    """Weights of a layer `tanh(W z + U x + b)`, the norm of `W` being `NORM`, and inputs."""
    random = np.random.default_rng(0)
    recurrent = random.normal(size=(size, size))
    weights = {
        "W": NORM * recurrent / np.linalg.norm(recurrent, 2),
        "U": random.normal(size=(size, INPUT)) / INPUT**0.5,
        "b": random.normal(size=size) / 3,
    }
    return jax.tree.map(jnp.asarray, weights), jnp.asarray(random.normal(size=(members, INPUT)))


def layer(z: Array, given: tuple[dict[str, Array], Array]) -> Array:
    """The map of a batch, with `U x + b` in it."""
    weights, u = given
    return jnp.tanh(z @ weights["W"].T + u)


def loss_of(way: Way, rtol: float, xs: Array) -> Callable[[Any], Array]:
    """The mean square distance of equilibria from a target, as a function of the weights."""

    def loss(weights: dict[str, Array]) -> Array:
        u = xs @ weights["U"].T + weights["b"][None]
        z = nde.implicit.fixed_point(
            layer,
            jnp.zeros_like(u),
            (weights, u),
            solver=way.solver,
            gradient=way.gradient,
            rtol=rtol,
            atol=0.0,
            max_steps=MOST_STEPS,
            batched=True,
            throw=False,
        ).value
        return jnp.mean((z - jnp.cos(jnp.arange(z.shape[1], dtype=z.dtype))[None]) ** 2)

    return loss


def differences(weights: dict[str, Array], xs: Array) -> Array:
    """The gradient by central differences of the converged loss."""
    flat, restore = ravel_pytree(weights)
    exact = loss_of(Way(ImplicitGradient(Dense()), Picard()), 1e-14, xs)
    values = jax.jit(jax.vmap(lambda flat: exact(restore(flat))))
    shifts = DIFFERENCE * jnp.eye(len(flat))
    return (values(flat[None] + shifts) - values(flat[None] - shifts)) / (2 * DIFFERENCE)


def errors(tolerances: tuple[float, ...]) -> dict[str, list[float]]:
    """By gradient, the relative error to differences for each tolerance, in float64."""
    weights, xs = problem(*SMALL)
    expected = differences(weights, xs)
    found: dict[str, list[float]] = {}
    for name in ways(USUAL):
        slope = jax.jit(lambda weights, rtol, name=name: jax.grad(loss_of(ways(rtol)[name], rtol, xs))(weights))
        gradients = [ravel_pytree(slope(weights, jnp.asarray(rtol)))[0] for rtol in tolerances]
        found[name] = [float(jnp.linalg.norm(g - expected) / jnp.linalg.norm(expected)) for g in gradients]
    return found


def costs(repeats: int) -> dict[str, dict[str, float]]:
    """By gradient, the fewest seconds and the temporary bytes of a gradient in float32, taking turns."""
    weights, xs = jax.tree.map(lambda x: x.astype(jnp.float32), problem(*LARGE))
    slopes = {name: jax.grad(loss_of(way, USUAL, xs)) for name, way in ways(USUAL).items()}
    sizes = {name: float(nde.compiled_memory(slope, weights)) for name, slope in slopes.items()}
    compiled = {name: jax.jit(slope) for name, slope in slopes.items()}
    taken: dict[str, list[float]] = {name: [] for name in slopes}
    for _ in range(repeats + 1):
        for name, slope in compiled.items():
            start = time.perf_counter()
            jax.block_until_ready(slope(weights))
            taken[name].append(time.perf_counter() - start)
    return {"seconds": {name: min(each[1:]) for name, each in taken.items()}, "bytes": sizes}


def table(measured: dict[str, Any]) -> str:
    """Errors by tolerance, time and memory."""
    head = "| gradient | " + " | ".join(f"{rtol:.0e}" for rtol in measured["tolerances"]) + " | time | memory (kB) |"
    lines = [head, "| --- |" + " --- |" * (len(measured["tolerances"]) + 2)]
    unit = measured["seconds"][IFT]
    for name, row in measured["errors"].items():
        cells = [f"{error:.0e}" for error in row]
        cells += [f"{measured['seconds'][name] / unit:.2f}", f"{measured['bytes'][name] / 1e3:,.0f}"]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return f"""# Gradients of a fixed point

`python -m experiments implicit_gradients`. A layer `tanh(W z + U x + b)`, the norm of `W` being {NORM}; the gradient of
a mean square to all weights. Its relative error in float64 to central differences of the converged loss, by the
relative tolerance of the solver (and of the implicit gradient's linear system), for {SMALL[1]} members of {SMALL[0]}
numbers. Time (the shortest of {REPEATS}, taking turns), relative to the first row, and temporary memory of a gradient
at a tolerance of {USUAL:.0e} in float32, for {LARGE[1]} members of {LARGE[0]} numbers, at most {MOST_STEPS} steps.

{chr(10).join(lines)}

The implicit gradient is as accurate as the fixed point. The unrolled and the reversible one are exact derivatives of
their iterations, which converge to that of the fixed point behind it. One step and five are biased: no tolerance helps.

![Errors by tolerance, time and memory](implicit_gradients.png)
"""


def picture(measured: dict[str, Any], path: Path) -> None:
    """Errors by tolerance; error at the usual tolerance beside time and memory."""
    figure, axes = plt.subplots(1, 3, figsize=(10, 3.3), layout="constrained")
    usual = min(range(len(measured["tolerances"])), key=lambda i: abs(np.log(measured["tolerances"][i] / USUAL)))
    for name, row in measured["errors"].items():
        axes[0].loglog(measured["tolerances"], row, "o-", color=_COLORS[name], markersize=4, label=name)
        axes[1].loglog(1e3 * measured["seconds"][name], row[usual], "o", color=_COLORS[name])
        axes[2].loglog(measured["bytes"][name] / 1e6, row[usual], "o", color=_COLORS[name])
    axes[0].set(xlabel="relative tolerance", ylabel="relative error of the gradient")
    axes[1].set(xlabel="time of a gradient (ms)", ylabel=f"error at {USUAL:.0e}")
    axes[2].set(xlabel="memory of a gradient (MB)", ylabel=f"error at {USUAL:.0e}")
    axes[0].legend(fontsize=7)
    figure.savefig(path, dpi=150)
    plt.close(figure)
