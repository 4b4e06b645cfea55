"""Norms of errors."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from nde.core.tree import common_dtype


def rms_norm(tree: PyTree[Array]) -> Float[Array, ""]:
    """Compute the root mean square over all numbers of all leaves.

    Args:
        tree: Any pytree of real or complex arrays.

    Returns:
        A scalar; zero for an empty tree.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        print(nde.rms_norm({"a": jnp.array([3.0, 4.0])}))
        ```
    """
    leaves = jax.tree.leaves(tree)
    if not leaves:
        return jnp.zeros(())
    size = sum(leaf.size for leaf in leaves)
    squares = [jnp.sum(jnp.real(leaf * jnp.conj(leaf))) for leaf in leaves]
    return jnp.sqrt(sum(_in_one_precision(squares), 0) / max(size, 1))


def max_norm(tree: PyTree[Array]) -> Float[Array, ""]:
    """Compute the largest absolute value over all leaves.

    Args:
        tree: Any pytree of real or complex arrays.

    Returns:
        A scalar; zero for an empty tree.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        print(nde.max_norm(jnp.array([3.0, -4.0])))
        ```
    """
    leaves = jax.tree.leaves(tree)
    if not leaves:
        return jnp.zeros(())
    largest = _in_one_precision([jnp.max(jnp.abs(leaf), initial=0) for leaf in leaves])
    return jnp.stack(largest).max() if len(largest) > 1 else largest[0]


def _in_one_precision(numbers: list[Array]) -> list[Array]:
    dtype = common_dtype(*numbers)
    return [x.astype(dtype) for x in numbers]
