"""Regularization of the Jacobian of an equilibrium layer."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from nde.core.compiled import compiled
from nde.models.equilibrium.deq import EquilibriumMap
from nde.models.equilibrium.tangents import directions, tangent_map


@compiled(static=("samples",))
def jacobian_regularization(
    f: EquilibriumMap, z: PyTree[Any], x: PyTree[Any], *, samples: int = 1, batched: bool = False, key: PRNGKeyArray
) -> Float[Array, ""]:
    r"""Estimate $\|\partial f / \partial z\|_F^2 / n$ at an equilibrium, to be added to a loss.

    A map with a small Jacobian needs fewer steps, and its gradient's linear system too. The estimate is unbiased: the
    mean of $\|J v\|^2 / n$ over normal $v$, Hutchinson's method. A bound of the weights' norm (`nde.nn.BoundedNorm`)
    guarantees convergence; this works for every map.

    Args:
        f: The map `(z, x)`: `layer.step` of a `DEQ`, or `model.step` of a model.
        z: The equilibrium, of `n` numbers.
        x: The input.
        samples: How many `v`.
        batched: Whether the first axis of `z` and `x` counts members, over which the mean is taken.
        key: A `jax.random` key.

    Source: Bai, Koltun and Kolter, *Stabilizing equilibrium models by Jacobian regularization* (2021),
    doi:10.48550/arXiv.2106.14342.

    Example:
        ```python
        import jax
        import nde

        model = nde.models.VectorDEQ(2, 8, 1, key=jax.random.key(0))
        x = jax.numpy.ones(2)
        print(nde.models.jacobian_regularization(model.step, model.solve(x).value, x, key=jax.random.key(1)))
        ```
    """
    product = tangent_map(f, z, x, batched)

    def one(key: PRNGKeyArray) -> Array:
        leaves = jax.tree.leaves(product(directions(z, key)))
        squares = jnp.stack([jnp.sum(leaf**2) for leaf in leaves])
        return jnp.sum(squares) / sum(leaf.size for leaf in leaves)

    return jnp.mean(jax.vmap(one)(jax.random.split(key, samples)))
