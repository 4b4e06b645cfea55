"""Calls outside `jax.jit`, as in a notebook."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import diffrax
import jax
import jax.numpy as jnp

import nde
from benchmarks.goal import Goal
from benchmarks.side import Ready

TS = jnp.linspace(0.0, 1.0, 5)
Call = Callable[[], Any]


@dataclass(frozen=True)
class EagerCall:
    """The call to measure: one of the names below."""

    name: str

    x64: bool = False


@dataclass(frozen=True)
class EagerLibrary:
    """`nde` or Diffrax, which share these names."""

    name: str
    library: Any

    def installed(self) -> bool:
        """True: both are installed."""
        return True

    def start(self, call: EagerCall, _goal: Goal, /) -> Ready:
        """Prepare the call; the first call compiles."""
        made = CALLS[call.name](self.library)

        def run() -> Any:
            return jax.block_until_ready(made())

        return Ready(run, before=run)


def _solve(library: Any) -> Callable[[Any], Any]:
    term = library.ODETerm(_lorenz)
    saveat, controller = library.SaveAt(ts=TS), library.PIDController(rtol=1e-3, atol=1e-6)

    def solve(y0: Any) -> Any:
        return library.diffeqsolve(
            term, library.Tsit5(), 0.0, 1.0, 0.01, y0, saveat=saveat, stepsize_controller=controller
        ).ys

    return solve


def _lorenz(t: Any, y: Any, args: Any) -> Any:
    del t, args
    return jnp.stack([10 * (y[1] - y[0]), y[0] * (28 - y[2]) - y[1], y[0] * y[1] - 8 / 3 * y[2]])


def _solved(library: Any) -> Call:
    solve, y0 = _solve(library), jnp.ones(3)
    return lambda: solve(y0)


def _gradient(library: Any) -> Call:
    solve, y0 = _solve(library), jnp.ones(3)
    return lambda: jax.grad(lambda y0: jnp.sum(solve(y0)))(y0)


def _lanes(library: Any) -> Call:
    solve, y0 = _solve(library), jnp.ones((4, 3))
    return lambda: jax.vmap(solve)(y0)


def _interpolated(library: Any) -> Call:
    path = library.LinearInterpolation(TS, jnp.ones((5, 3)))
    return lambda: path.evaluate(0.3)


def _drawn(library: Any) -> Call:
    path = library.VirtualBrownianTree(0.0, 1.0, 1e-3, (3,), jax.random.key(0))
    return lambda: path.evaluate(0.2, 0.3)


CALLS: dict[str, Callable[[Any], Call]] = {
    "diffeqsolve, three states, five save times": _solved,
    "gradient of the same": _gradient,
    "vmap of the same, four lanes": _lanes,
    "LinearInterpolation.evaluate": _interpolated,
    "VirtualBrownianTree.evaluate": _drawn,
}

NDE, DIFFRAX = EagerLibrary("nde", nde), EagerLibrary("Diffrax", diffrax)
