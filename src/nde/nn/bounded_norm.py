"""Weights with a bounded spectral norm."""

import math
from typing import Any, TypeVar

import equinox as eqx
import jax
from jaxtyping import Array, Float

from nde.nn.parametrization import AbstractParametrization
from nde.nn.spectral_norm import shrinkage

M = TypeVar("M")


class BoundedNorm(AbstractParametrization):
    r"""A trainable weight whose spectral norm stays below a bound: `value` is smooth in `raw`.

    $W = V / (1 + \operatorname{tr} ((V^T V / c^2)^{16}))^{1/32}$ for a bound $c$. The trace is at least the 32nd power
    of the largest singular value of $V / c$, so $\|W\|_2 < c$. A small $V$ is hardly changed. There is no state of a
    power iteration, and each member of a batch of models may have its own weight.

    A convolution counts as linear map of whole images or series: its norm is at most that of the kernel as a matrix
    with one row for each output channel, times the square root of the number of its taps.

    Args:
        raw: The weight, of shape `(output, input)`, or `(output, input, *taps)` for a convolution.
        bound: The bound, a positive number. With an activation that does not stretch (`relu`, `tanh`), a map
            `z -> activation(W z + u)` contracts for a bound of at most 1.

    Attributes:
        raw: The weight before it is bounded; this is trained.
        bound: The bound.

    Raises:
        ValueError: If the bound is not positive, or the weight is no matrix or kernel.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde

        weight = nde.nn.BoundedNorm(jax.random.normal(jax.random.key(0), (20, 20)), bound=0.9)
        print(jnp.linalg.norm(weight.raw, 2), jnp.linalg.norm(weight.value, 2))
        ```
    """

    raw: Float[Array, "output input *taps"]
    bound: float = eqx.field(static=True)

    def __init__(self, raw: Array, bound: float = 0.95) -> None:
        if not (isinstance(bound, int | float) and 0 < bound < math.inf):
            raise ValueError(f"`BoundedNorm` got bound={bound!r}; expected a positive number, such as 0.95.")
        if raw.ndim < 2:
            raise ValueError(
                f"`BoundedNorm` got a weight of shape {raw.shape}; expected a matrix or the kernel of a convolution."
            )
        self.raw, self.bound = raw, float(bound)

    @property
    def value(self) -> Float[Array, "output input *taps"]:
        """The bounded weight."""
        rows = self.raw.reshape(self.raw.shape[0], -1)
        taps = math.prod(self.raw.shape[2:])
        return self.raw * shrinkage(rows * (math.sqrt(taps) / self.bound)).astype(self.raw.dtype)


def bounded_norms(module: M, bound: float = 0.95) -> M:
    """Bound the norms of all linear layers and convolutions of a module, for `nde.models.DEQ`.

    A chain of such layers and of activations that do not stretch contracts if the bound is below 1.

    Args:
        module: Any Equinox module.
        bound: The bound of each layer.

    Returns:
        A copy of the module whose weights are `BoundedNorm`. `DEQ` puts their values in place once for each solve;
        `with_values` does so elsewhere.

    Example:
        ```python
        import equinox as eqx
        import jax
        import jax.numpy as jnp
        import nde

        linear = nde.nn.bounded_norms(eqx.nn.Linear(8, 8, key=jax.random.key(0)), bound=0.5)
        print(jnp.linalg.norm(nde.nn.with_values(linear).weight, 2))
        ```
    """

    def bounded(node: Any) -> Any:
        if not _is_layer(node):
            return node
        return eqx.tree_at(lambda layer: layer.weight, node, BoundedNorm(node.weight, bound))

    return jax.tree.map(bounded, module, is_leaf=_is_layer)


def _is_layer(node: Any) -> bool:
    return isinstance(node, eqx.nn.Linear | eqx.nn.Conv)
