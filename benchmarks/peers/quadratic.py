"""Gradients of quadratic programs: `quadratic_program` under `vmap`, and a cvxpylayers layer."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import nde
from benchmarks.goal import Goal
from benchmarks.side import Ready


@dataclass(frozen=True)
class ProgramGradient:
    """A library that solves quadratic programs and differentiates their solutions.

    Args:
        name: its name in the table.
        module: the module that must be installed.
        solver: returns the function of `(q, A, b, G, h)`, each with a first axis of programs, to the solutions.
        compiles: whether `jax.jit` compiles it.
    """

    name: str
    module: str
    solver: Callable[[Any], Callable[..., jax.Array]]
    compiles: bool = True

    def installed(self) -> bool:
        """Whether the module is installed."""
        return find_spec(self.module) is not None

    def start(self, programs: Any, _goal: Goal, /) -> Ready:
        """Compile the gradient of a weighted sum of the solutions with respect to all data but `P`."""
        solve, weights = self.solver(programs), jnp.asarray(programs.weights)
        data = [jnp.asarray(x) for x in programs.data]
        gradient = jax.grad(lambda *data: jnp.sum(weights * solve(*data)), argnums=tuple(range(len(data))))
        gradient = jax.jit(gradient) if self.compiles else gradient

        def run() -> Any:
            return jax.block_until_ready(gradient(*data))

        return Ready(run, before=run, value=[np.asarray(x) for x in run()], least=5)


def _ours(programs: Any) -> Callable[..., jax.Array]:
    P = jnp.asarray(programs.P)
    return jax.vmap(lambda q, A, b, G, h: nde.implicit.quadratic_program(P, q, A, b, G, h).value)


def _cvxpylayers(programs: Any) -> Callable[..., jax.Array]:
    import cvxpy as cp
    from cvxpylayers.jax import CvxpyLayer

    size = len(programs.P)
    x, root = cp.Variable(size), np.linalg.cholesky(programs.P).T
    q, A, b, G, h = (cp.Parameter(data.shape[1:]) for data in programs.data)
    problem = cp.Problem(cp.Minimize(cp.sum_squares(root @ x) / 2 + q @ x), [A @ x == b, G @ x <= h])
    layer = CvxpyLayer(problem, parameters=[q, A, b, G, h], variables=[x])
    return lambda *data: layer(*data)[0]


OUR_PROGRAMS = ProgramGradient("nde", "nde", _ours)
CVXPYLAYERS = ProgramGradient("cvxpylayers", "cvxpylayers", _cvxpylayers, compiles=False)
