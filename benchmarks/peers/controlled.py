"""Sides for CDEs: libraries with Diffrax's interface, and a bare scan without a solver."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import diffrax
import jax
import jax.numpy as jnp

import nde
from benchmarks.controlled import Controlled, field
from benchmarks.goal import Goal
from benchmarks.side import Ready
from benchmarks.timing import fastest


@dataclass(frozen=True)
class JaxControlled:
    """A library with Diffrax's interface: a `vmap` of one-series solves.

    Args:
        name: its name in the table.
        module: the library.
        settings: options of `diffeqsolve` to try for a gradient, by name; the fastest is kept.
    """

    name: str
    module: ModuleType
    settings: Callable[[Controlled], Mapping[str, Mapping[str, Any]]] = lambda _: {"": {}}

    def installed(self) -> bool:
        """Whether the library is installed: its module was imported."""
        return True

    def start(self, problem: Controlled, _goal: Goal, /) -> Ready:
        """Compile under each setting and keep the fastest."""
        return fastest(
            [_compiled(self._final(problem, o), problem, s) for s, o in self.settings(problem).items()], runs=3
        )

    def _final(self, problem: Controlled, options: Mapping[str, Any]) -> Callable[..., Any]:
        library, vector_field, ts = self.module, field(jnp, jax.nn.softplus), problem.ts

        def solve(args: Any, first: Any, coefficients: Any) -> Any:
            path = library.CubicInterpolation(jnp.asarray(ts), coefficients)
            return library.diffeqsolve(
                library.ControlTerm(vector_field, path).to_ode(),
                library.Tsit5(),
                0.0,
                1.0,
                None,
                first @ args["first"],
                args,
                stepsize_controller=self._controller(problem),
                max_steps=problem.max_steps if problem.tolerance else len(ts),
                **options,
            ).ys[-1]

        return jax.vmap(solve, in_axes=(None, 0, 0))

    def _controller(self, problem: Controlled) -> Any:
        if problem.tolerance is None:
            return self.module.StepTo(jnp.asarray(problem.ts))
        rtol, atol = problem.tolerance
        return self.module.PIDController(rtol=rtol, atol=atol)


def _tuned(problem: Controlled) -> dict[str, dict[str, Any]]:
    """Diffrax settings that do not change the result."""
    if not problem.gradient:
        return {"ForwardMode": {"adjoint": diffrax.ForwardMode(), "throw": False}}
    steps = problem.max_steps if problem.tolerance else len(problem.ts)
    return {
        "throw=False": {"throw": False},
        f"checkpoints={steps}": {"adjoint": diffrax.RecursiveCheckpointAdjoint(checkpoints=steps), "throw": False},
    }


@dataclass(frozen=True)
class BareScan:
    """The arithmetic of Tsit5 from knot to knot for the whole batch at once, and nothing else."""

    name: str = "bare scan"

    def installed(self) -> bool:
        """True: JAX is installed."""
        return True

    def start(self, problem: Controlled, _goal: Goal, /) -> Ready:
        """Compile a scan over the knots, differentiated by JAX."""
        tableau, vector_field = nde.Tsit5().tableau, field(jnp, jax.nn.softplus)
        h = float(problem.ts[1] - problem.ts[0])

        def final(args: Any, first: Any, coefficients: Any) -> Any:
            d, c, b, _ = (jnp.moveaxis(x, 1, 0) for x in coefficients)
            nodes = jnp.asarray((0.0, *tableau.c), jnp.float32)[:, None, None, None] * h
            slopes = jnp.moveaxis((3 * d * nodes + 2 * c) * nodes + b, 0, 1)

            def step(carry: tuple[Any, Any], dx: Any) -> tuple[tuple[Any, Any], None]:
                y, f = carry
                at, stages = y, [jnp.sum(f * dx[0][:, None, :], axis=-1)]
                for weights, slope in zip(tableau.a_lower, dx[1:], strict=True):
                    at = y + h * sum(w * k for w, k in zip(weights, stages, strict=False) if w)
                    f = vector_field(None, at, args)
                    stages.append(jnp.sum(f * slope[:, None, :], axis=-1))
                return (at, f), None

            y0 = first @ args["first"]
            return jax.lax.scan(step, (y0, vector_field(None, y0, args)), slopes)[0][0]

        return _compiled(final, problem, "")


def _compiled(final: Callable[..., Any], problem: Controlled, setting: str) -> Ready:
    def loss(args: Any, *rest: Any) -> Any:
        return (final(args, *rest) ** 2).sum()

    compiled, inputs = jax.jit(jax.grad(loss) if problem.gradient else final), problem.inputs()

    def run() -> Any:
        return jax.block_until_ready(compiled(*inputs))

    return Ready(run, before=run, value=jax.device_get(run()), setting=setting, least=3)


OURS_CONTROLLED = JaxControlled("nde", nde)
DIFFRAX_CONTROLLED = JaxControlled("Diffrax", diffrax)
DIFFRAX_CONTROLLED_TUNED = JaxControlled("Diffrax tuned", diffrax, _tuned)
BARE_SCAN = BareScan()
