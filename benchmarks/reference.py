"""Reference results."""

from dataclasses import replace

import diffrax
import jax
import numpy as np
from jaxtyping import PyTree
from scipy.integrate import solve_ivp

from benchmarks.peers.jax_library import DEFAULT_SETTING, JaxLibrary
from benchmarks.problem import Problem


def exact(problem: Problem) -> PyTree[np.ndarray]:
    """The result in double precision, at much tighter tolerances than the timed ones."""
    return _values(problem) if problem.loss is None and problem.lanes is None else _mapped_or_gradient(problem)


def _values(problem: Problem) -> np.ndarray:
    """Values of one solve: SciPy's DOP853, which shares no code with the JAX sides."""
    y0, args = jax.tree.map(np.float64, (problem.y0, problem.args))
    field = problem.field(np)
    solution = solve_ivp(
        lambda t, y: field(t, y.reshape(y0.shape), args).ravel(),
        (0.0, problem.t1),
        y0.ravel(),
        method="DOP853",
        t_eval=problem.ts,
        rtol=1e-13,
        atol=1e-13,
    )
    values = solution.y.T.reshape(-1, *y0.shape)
    return values[-1] if problem.ts is None else values


def _mapped_or_gradient(problem: Problem) -> PyTree[np.ndarray]:
    """Gradients and batched solves: Diffrax in double precision."""
    y0, args = jax.tree.map(np.float64, (problem.y0, problem.args))
    tight = replace(problem, y0=y0, args=args, tolerance=1e-12, max_steps=2**14)
    with jax.enable_x64(True):
        solve = jax.jit(JaxLibrary("reference", diffrax).function(tight, DEFAULT_SETTING))
        return jax.device_get(solve(*tight.inputs()))
