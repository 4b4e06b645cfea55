"""Log-signatures with two JAX libraries: the same code for both."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import jax
import jax.numpy as jnp

import nde
from benchmarks.goal import Goal
from benchmarks.side import Ready


@dataclass(frozen=True)
class LogSignature:
    """A function that computes log-signatures of series.

    Args:
        name: its name in the table.
        module: the module that must be installed.
        function: returns the function of series and depth.
    """

    name: str
    module: str
    function: Callable[[], Callable[[jax.Array, int], jax.Array]]

    def installed(self) -> bool:
        """Whether the module is installed."""
        return find_spec(self.module) is not None

    def start(self, series: Any, _goal: Goal, /) -> Ready:
        """Compile the function, or its gradient."""
        function = self.function()

        def loss(xs: jax.Array) -> jax.Array:
            return jnp.sum(function(xs, series.depth) ** 2)

        compiled = jax.jit(jax.grad(loss) if series.gradient else lambda xs: function(xs, series.depth))
        xs = jnp.asarray(series.xs, jnp.float32)

        def run() -> Any:
            return jax.block_until_ready(compiled(xs))

        return Ready(run, before=run)


def _signax() -> Callable[[jax.Array, int], jax.Array]:
    import signax

    return signax.logsignature


OUR_LOGSIGNATURE = LogSignature("nde", "nde", lambda: lambda xs, depth: nde.logsignature(xs, depth, basis="words"))
SIGNAX = LogSignature("signax", "signax", _signax)
