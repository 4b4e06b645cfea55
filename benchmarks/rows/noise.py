"""SDEs: elementwise vector fields, where the noise is most of the cost, and networks."""

from dataclasses import replace
from types import ModuleType
from typing import Any

import jax
import numpy as np

from benchmarks.ours import OURS
from benchmarks.peers.diffrax_noise import DIFFRAX_TREE, DIFFRAX_UNSAFE
from benchmarks.peers.normals import NORMALS
from benchmarks.peers.torchsde import TORCHSDE, TORCHSDE_BINARY
from benchmarks.problem import Field, Noise, Problem
from benchmarks.row import Row
from benchmarks.rows.neural_ode import mlp, weights
from benchmarks.side import Side

STEPS = 100


def reverting(xp: ModuleType) -> Field:
    """A mean-reverting drift."""
    return lambda _t, y, args: args[0] * (args[1] - y)


def proportional(xp: ModuleType) -> Field:
    """Noise proportional to the state."""
    return lambda _t, y, args: args[2] * y


def level(xp: ModuleType) -> Field:
    """Constant diffusion: additive noise."""
    return lambda _t, y, args: args[2] * xp.ones_like(y)


def waves(xp: ModuleType) -> Field:
    """A nonlinear drift."""
    return lambda _t, y, args: args[0] * xp.sin(args[1] * y)


def elementwise(method: str, shape: tuple[int, int]) -> Problem:
    """Mean-reverting geometric noise over 100 steps, float32."""
    y0 = np.linspace(0.5, 1.5, shape[0] * shape[1], dtype=np.float32).reshape(shape)
    args = tuple(np.array(p, np.float32) for p in (1.0, 1.2, 0.3))
    return Problem(reverting, y0, args, 1.0, 1.0 / STEPS, None, STEPS, method=method, noise=Noise(proportional))


def adaptive(method: str) -> Problem:
    """Additive noise with adaptive steps."""
    problem = elementwise(method, (128, 16))
    args = tuple(np.array(p, np.float32) for p in (1.0, 3.0, 0.5))
    return replace(
        problem, field=waves, args=args, dt0=0.05, tolerance=1e-2, max_steps=1024, noise=Noise(level, areas=True)
    )


def neural(method: str) -> Problem:
    """A training step of a neural SDE: drift and diagonal diffusion are 4-64-64-4 networks."""
    args = {"drift": weights((4, 64, 64, 4), 0), "diffusion": weights((4, 64, 64, 4), 1)}
    y0 = jax.device_get(jax.random.normal(jax.random.key(2), (256, 4)))

    def drift(xp: ModuleType) -> Field:
        return lambda t, y, args: mlp(xp)(t, y, args["drift"])

    def diffusion(xp: ModuleType) -> Field:
        return lambda t, y, args: 0.2 * xp.tanh(mlp(xp)(t, y, args["diffusion"])) + 0.3

    return Problem(drift, y0, args, 1.0, 1.0 / 64, None, 64, method=method, noise=Noise(diffusion), loss=_squares)


def _squares(y: Any) -> Any:
    return (y**2).sum()


def rows() -> list[Row]:
    """Three methods at two sizes, forward and backward; networks; adaptive steps."""
    sizes = {"128 × 16": (128, 16), "1024 × 32": (1024, 32)}
    fixed = [
        row
        for method in ("Euler", "Heun", "ReversibleHeun")
        for size, shape in sizes.items()
        for row in _fixed(f"SDE {size}, {method}", elementwise(method, shape))
    ]
    networks = [
        row for method in ("Euler", "ReversibleHeun") for row in _trained(f"Neural SDE 4-64-64-4, {method}", method)
    ]
    adaptively = [
        Row(f"SDE 128 × 16, additive noise, adaptive {method}", adaptive(method), OURS, {DIFFRAX_TREE: 5.0})
        for method in ("SRA1", "ShARK")
    ]
    return [*fixed, *networks, *adaptively]


def _trained(name: str, method: str) -> list[Row]:
    """The batch as one solve, and as a `vmap` of one-sample solves, as in Diffrax's examples."""
    problem = neural(method)
    peers: dict[Side, float | None] = {DIFFRAX_TREE: 10.0, TORCHSDE: 30.0}
    return [
        Row(f"{name}, batch 256, 64 steps, gradient", problem, OURS, peers),
        Row(f"{name}, 64 steps, gradient, vmap of 256", replace(problem, lanes=(0, None)), OURS, {DIFFRAX_TREE: 10.0}),
    ]


def _fixed(name: str, problem: Problem) -> list[Row]:
    torch: dict[Side, float | None] = {TORCHSDE: 50.0, TORCHSDE_BINARY: 50.0}
    forward: dict[Side, float | None] = {DIFFRAX_TREE: 20.0, DIFFRAX_UNSAFE: 1.25, **torch, NORMALS: None}
    backward: dict[Side, float | None] = {DIFFRAX_TREE: 20.0, **torch}
    return [
        Row(f"{name}, 100 steps", problem, OURS, forward),
        Row(f"{name}, 100 steps, gradient", replace(problem, loss=_squares), OURS, backward),
    ]
