"""Forward sensitivities: the Jacobian of a solve with few inputs, carried along with it.

The steps of a small system cost more in overhead than in arithmetic, and going backward over them costs that overhead
several times. If there are few inputs it is cheaper to solve once, together with the derivatives of the state in the
direction of each input, and to remember the Jacobian: the pull-back is then one contraction. The value is that of the
reverse mode, to rounding: the derivative of the discretized solve on the grid that was taken.
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, PyTree

from nde.core.chunks import in_chunks
from nde.integrate.outcome import Outcome, solve_plainly
from nde.integrate.output import AtTimes
from nde.integrate.problem import Differentiable, Setup

_INPUTS = 16
"""Most numbers in the inputs (see docs/decisions)."""


def suits_jacobian(problem: Differentiable, setup: Setup, perturbed: PyTree[bool]) -> bool:
    """Whether a solve is cheap, of few real inputs of one precision, and saves no record of all its steps."""
    inputs = jax.tree.leaves(eqx.filter(problem, perturbed))
    states = jax.tree.leaves((problem.y0, problem.solver_state))
    # A flag of a solver's state comes back as a Python `bool` in the backward pass.
    real = all(eqx.is_array(leaf) and jnp.issubdtype(leaf.dtype, jnp.floating) for leaf in (*inputs, *states))
    few = sum(math.prod(leaf.shape) for leaf in inputs) <= _INPUTS and len({leaf.dtype for leaf in inputs}) <= 1
    sampled = all(isinstance(output, AtTimes) for output in problem.outputs)
    marked = bool(jax.tree.leaves(eqx.filter(problem.landmarks, perturbed.landmarks)))
    return not setup.costly and real and few and sampled and not marked


def solve_with_jacobian(
    problem: Differentiable, setup: Setup, perturbed: PyTree[bool]
) -> tuple[Outcome, PyTree[Array | None]]:
    """The outcome, and its derivatives: arrays with a leading axis of inputs, `None` for what is not real."""
    varying, fixed = eqx.partition(problem, perturbed)

    def solve(parts: tuple[PyTree, PyTree, Setup]) -> tuple[Outcome, PyTree[Array]]:
        varying, fixed, setup = parts
        flat, unflatten = ravel_pytree(varying)

        def outcome(varying: PyTree[Array | None]) -> tuple[PyTree[Array | None], PyTree[Array | None]]:
            return eqx.partition(solve_plainly(eqx.combine(varying, fixed), setup), eqx.is_inexact_array)

        def along(direction: Array) -> tuple[PyTree, PyTree, PyTree]:
            return jax.jvp(outcome, (varying,), (unflatten(direction),), has_aux=True)

        directions = jnp.eye(flat.size, dtype=flat.dtype)
        real, jacobian, rest = jax.vmap(along, out_axes=(None, 0, None))(directions)
        return eqx.combine(real, rest), jacobian

    return in_chunks(solve, (varying, fixed, setup))


def contract_jacobian(jacobian: PyTree[Array | None], cotangent: Outcome, varying: PyTree[Array | None]) -> PyTree:
    """The cotangent of the varying inputs."""
    flat, unflatten = ravel_pytree(varying)

    def leaf(derivative: Array | None, g: Array | None) -> Array:
        if derivative is None or g is None:
            return jnp.zeros_like(flat)
        return jnp.tensordot(derivative, g, axes=g.ndim).astype(flat.dtype)

    parts = jax.tree.map(leaf, jacobian, cotangent, is_leaf=lambda x: x is None)
    return unflatten(jnp.sum(jnp.stack(jax.tree.leaves(parts)), axis=0))
