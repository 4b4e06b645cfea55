"""The spectral radius of the Jacobian of an equilibrium layer."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from nde.core.compiled import compiled
from nde.models.equilibrium.deq import EquilibriumMap
from nde.models.equilibrium.tangents import directions, tangent_map


@compiled(static=("steps",))
def spectral_radius(
    f: EquilibriumMap, z: PyTree[Any], x: PyTree[Any], *, steps: int = 64, batched: bool = False, key: PRNGKeyArray
) -> Float[Array, "*members"]:
    """Estimate the spectral radius of the Jacobian of a map at an equilibrium, by power iteration.

    Below one, Picard's iteration converges near the equilibrium, by this factor in each step. The estimate is the mean
    growth of a random direction over the last half of the steps, which is right for complex eigenvalues, too.

    Args:
        f: The map `(z, x)`: `layer.step` of a `DEQ`, or `model.step` of a model.
        z: The equilibrium.
        x: The input.
        steps: How many products with the Jacobian.
        batched: Whether the first axis of `z` and `x` counts members; then there is a radius for each.
        key: A `jax.random` key.

    Source: Bai, Koltun and Kolter, *Stabilizing equilibrium models by Jacobian regularization* (2021),
    doi:10.48550/arXiv.2106.14342.

    Example:
        ```python
        import jax
        import nde

        model = nde.models.VectorDEQ(2, 8, 1, key=jax.random.key(0))
        x = jax.numpy.ones(2)
        print(nde.models.spectral_radius(model.step, model.solve(x).value, x, key=jax.random.key(1)))
        ```
    """
    if batched:
        keys = jax.random.split(key, len(jax.tree.leaves(z)[0]))
        return jax.vmap(lambda z, x, key: _radius(f, z, x, steps, key))(z, x, keys)
    return _radius(f, z, x, steps, key)


def _radius(f: EquilibriumMap, z: PyTree[Any], x: PyTree[Any], steps: int, key: PRNGKeyArray) -> Float[Array, ""]:
    product = tangent_map(f, z, x, batched=False)

    def step(v: PyTree[Any], _: None) -> tuple[PyTree[Any], Array]:
        v = product(v)
        norm = jnp.sqrt(jnp.sum(jnp.stack([jnp.sum(leaf**2) for leaf in jax.tree.leaves(v)])))
        return jax.tree.map(lambda leaf: leaf / jnp.where(norm > 0, norm, 1), v), jnp.log(norm)

    _, growth = jax.lax.scan(step, directions(z, key), length=steps)
    return jnp.exp(jnp.mean(growth[steps // 2 :]))
