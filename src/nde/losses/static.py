"""Kernels of points, into whose feature spaces paths are lifted before their signatures are taken."""

import abc

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float


class AbstractStaticKernel(eqx.Module):
    """A kernel of points, through the increments of lifted paths.

    Example:
        ```python
        from nde.losses import AbstractStaticKernel, LinearKernel, RBFKernel

        assert issubclass(RBFKernel, AbstractStaticKernel) and issubclass(LinearKernel, AbstractStaticKernel)
        ```
    """

    @abc.abstractmethod
    def increments(
        self, x: Float[Array, "*batch_x rows channels"], y: Float[Array, "*batch_y columns channels"]
    ) -> Float[Array, "..."]:
        """The inner product of each step of one lifted path with each of another, of two more axes than `batch`."""


class LinearKernel(AbstractStaticKernel):
    """The inner product: paths as they are.

    Example:
        ```python
        import jax.numpy as jnp
        from nde.losses import LinearKernel

        print(LinearKernel().increments(jnp.ones((3, 2)), jnp.arange(8.0).reshape(4, 2)).shape)
        ```
    """

    def increments(
        self, x: Float[Array, "*batch_x rows channels"], y: Float[Array, "*batch_y columns channels"]
    ) -> Float[Array, "..."]:
        """The inner products of steps."""
        return jnp.einsum("...ic,...jc->...ij", jnp.diff(x, axis=-2), jnp.diff(y, axis=-2))


class RBFKernel(AbstractStaticKernel):
    """Gauss's: `exp(-|x - y|^2 / (2 scale^2))`.

    Attributes:
        scale: How far apart points are that differ.

    Example:
        ```python
        import jax.numpy as jnp
        from nde.losses import RBFKernel

        print(RBFKernel(scale=0.5).increments(jnp.ones((3, 2)), jnp.arange(8.0).reshape(4, 2)).shape)
        ```
    """

    scale: float = eqx.field(default=1.0, static=True)

    def __check_init__(self) -> None:
        if not self.scale > 0:
            raise ValueError(f"Got scale={self.scale}; a positive length is wanted.")

    def increments(
        self, x: Float[Array, "*batch_x rows channels"], y: Float[Array, "*batch_y columns channels"]
    ) -> Float[Array, "..."]:
        """The second differences of the kernel's matrix."""
        squares = jnp.sum((x[..., :, None, :] - y[..., None, :, :]) ** 2, axis=-1)
        matrix = jnp.exp(-squares / (2 * self.scale**2))
        return jnp.diff(jnp.diff(matrix, axis=-1), axis=-2)
