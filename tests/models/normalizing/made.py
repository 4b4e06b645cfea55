"""Flows with known distributions."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

import nde
from nde.models import ContinuousFlow

SHARP = nde.PIDController(rtol=1e-6, atol=1e-7)
MATRICES = (jnp.array([[0.5, -0.8], [0.3, -0.2]]), jnp.array([[-0.4, 0.1], [0.6, 0.7]]))


class Linear(eqx.Module):
    """The vector field `A y`, plus the condition if there is one."""

    matrix: Float[Array, "size size"]

    def __call__(self, t, y, condition):
        return self.matrix.astype(y.dtype) @ y + (0.0 if condition is None else condition)


def linear_flow(matrices=MATRICES, **options):
    """Return a flow with a linear block for each matrix."""
    return ContinuousFlow(2, fields=[Linear(m) for m in matrices], stepsize_controller=SHARP, **options)


def small_flow(seed=0, **options):
    """Return a flow with a small network and large weights, far from the identity."""
    options = {"width": 8, "depth": 1, "stepsize_controller": SHARP, **options}
    flow = ContinuousFlow(2, key=jax.random.key(seed), **options)
    grown = jax.tree.map(lambda w: 2 * w if eqx.is_inexact_array(w) else w, flow.fields)
    return eqx.tree_at(lambda f: f.fields, flow, grown)
