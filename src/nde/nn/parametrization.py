"""Parts of a module that are computed from what is trained."""

import abc
from typing import Any, TypeVar

import equinox as eqx
import jax

M = TypeVar("M")


class AbstractParametrization(eqx.Module):
    """A part of a module, such as a weight, that is computed from other weights.

    Example:
        ```python
        import nde

        assert issubclass(nde.nn.BoundedNorm, nde.nn.AbstractParametrization)
        ```
    """

    @property
    @abc.abstractmethod
    def value(self) -> Any:
        """What is used in its place."""


def with_values(module: M) -> M:
    """Put the values of all `BoundedNorm`, or other `AbstractParametrization`, of a module in their places.

    Args:
        module: Any Equinox module.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        print(nde.nn.with_values((nde.nn.BoundedNorm(jnp.eye(2), bound=0.9), 1.0)))
        ```
    """
    return jax.tree.map(lambda x: x.value if _is_computed(x) else x, module, is_leaf=_is_computed)


def _is_computed(node: Any) -> bool:
    return isinstance(node, AbstractParametrization)
