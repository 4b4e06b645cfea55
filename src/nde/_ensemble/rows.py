"""A sample as a row of numbers."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from nde.core.tree import common_dtype


def rows_of(ys: PyTree[Any], concatenate: Callable[..., Any] = jnp.concatenate) -> Any:
    """The samples as rows: all leaves side by side, in their common precision, which is at least single.

    Args:
        ys: Samples, with a leading axis of paths.
        concatenate: NumPy's for arrays that are to stay on the host.

    Returns:
        An array of shape `(paths, numbers)`.
    """
    leaves = [leaf.reshape(leaf.shape[0], -1) for leaf in jax.tree.leaves(ys)]
    dtype = common_dtype(jnp.float32, *(_real(leaf.dtype) for leaf in leaves))
    return concatenate([leaf.astype(dtype) for leaf in leaves], axis=1)


@dataclasses.dataclass(frozen=True)
class Rows:
    """Between a sample and its row.

    Attributes:
        shapes: Of one sample.
    """

    shapes: PyTree[Any]

    @property
    def numbers(self) -> int:
        """How many numbers a sample has."""
        return sum(leaf.size for leaf in jax.tree.leaves(self.shapes))

    def sample(self, row: Float[np.ndarray, "*more numbers"]) -> PyTree[Array]:
        """A pytree like a sample, from a row; further axes stay in front."""
        leaves, structure = jax.tree.flatten(self.shapes)
        parts = np.split(row, np.cumsum([leaf.size for leaf in leaves])[:-1], axis=-1)
        arrays = [
            jnp.asarray(part.reshape((*row.shape[:-1], *leaf.shape)), _real(leaf.dtype))
            for part, leaf in zip(parts, leaves, strict=True)
        ]
        return jax.tree.unflatten(structure, arrays)


def _real(dtype: Any) -> Any:
    """The dtype of a mean of such numbers."""
    return dtype if jnp.issubdtype(dtype, jnp.floating) else jnp.result_type(float)
