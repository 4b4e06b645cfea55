"""Neural CDEs: one step from knot to knot, and adaptive steps."""

from dataclasses import replace

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from benchmarks.controlled import Controlled, controlled, field
from benchmarks.peers.controlled import BARE_SCAN, DIFFRAX_CONTROLLED, DIFFRAX_CONTROLLED_TUNED, OURS_CONTROLLED
from benchmarks.peers.torchcde import TORCHCDE
from benchmarks.row import Row
from benchmarks.side import Side

TOLERANCE = (1e-3, 1e-6)


def rows() -> list[Row]:
    """Two sizes, forward and backward, on a fixed and on an adaptive grid."""
    sizes = {
        "32 × 100 × 3, hidden 8, width 128": (32, 100, 3, 8, 128),
        "128 × 500 × 12, hidden 32, width 64": (128, 500, 12, 32, 64),
    }
    return [row for name, size in sizes.items() for row in (*_fixed(name, size), *_adaptive(name, size))]


def _fixed(name: str, size: tuple[int, ...]) -> list[Row]:
    problem = controlled(*size)
    forward: dict[Side, float | None] = {DIFFRAX_CONTROLLED: 1.0, TORCHCDE: 10.0, BARE_SCAN: None}
    backward: dict[Side, float | None] = {
        DIFFRAX_CONTROLLED: 1.5,
        DIFFRAX_CONTROLLED_TUNED: None,
        TORCHCDE: 10.0,
        BARE_SCAN: None,
    }
    return [
        _row(f"Neural CDE {name}, a step a knot", problem, forward),
        _gradient(f"Neural CDE {name}", problem, backward),
    ]


def _adaptive(name: str, size: tuple[int, ...]) -> list[Row]:
    problem = controlled(*size, tolerance=TOLERANCE)
    return [
        _row(f"Neural CDE {name}, adaptive", problem, {DIFFRAX_CONTROLLED: 1.5}),
        _gradient(f"Neural CDE {name}, adaptive", problem, {DIFFRAX_CONTROLLED: 3.0}),
    ]


def _row(work: str, problem: Controlled, targets: dict[Side, float | None]) -> Row:
    return Row(work, problem, OURS_CONTROLLED, targets, reference=lambda: _exact(problem))


def _gradient(work: str, problem: Controlled, targets: dict[Side, float | None]) -> Row:
    return _row(f"{work}, gradient", replace(problem, gradient=True), targets)


def _exact(problem: Controlled) -> PyTree[np.ndarray]:
    """Diffrax in double precision, two steps from knot to knot."""
    with jax.enable_x64(True):
        args, first, coefficients = jax.tree.map(lambda x: jnp.asarray(x, jnp.float64), problem.inputs())
        ts = np.float64(problem.ts)
        grid = np.unique(np.concatenate([ts[:-1] + share * np.diff(ts) for share in (0.0, 0.5)] + [ts[-1:]]))

        def final(args: PyTree, first: jax.Array, coefficients: PyTree) -> jax.Array:
            path = diffrax.CubicInterpolation(jnp.asarray(ts), coefficients)
            term = diffrax.ControlTerm(field(jnp, jax.nn.softplus), path).to_ode()
            grid_steps = diffrax.StepTo(jnp.asarray(grid))
            options = {"stepsize_controller": grid_steps, "max_steps": len(grid)}
            return diffrax.diffeqsolve(
                term, diffrax.Tsit5(), 0.0, 1.0, None, first @ args["first"], args, **options
            ).ys[-1]

        finals = jax.vmap(final, in_axes=(None, 0, 0))
        if problem.gradient:
            finals = jax.grad(lambda *inputs: (jax.vmap(final, in_axes=(None, 0, 0))(*inputs) ** 2).sum())
        return jax.device_get(jax.jit(finals)(args, first, coefficients))
