"""Static kernels: kernels of points, whose feature space paths are lifted to before their signatures are taken."""

import abc

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float


class AbstractStaticKernel(eqx.Module):
    """Base class for static kernels: kernels of points, given by the increments of lifted paths.

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
        """Inner products of each step of one lifted path with each step of another.

        Args:
            x: Points of one path, or of several.
            y: Points of another, or of several.

        Returns:
            An array of shape `(*batch, rows - 1, columns - 1)`.
        """


class LinearKernel(AbstractStaticKernel):
    """Linear static kernel, `<x, y>`: paths are not lifted.

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
        """Inner products of the steps of both paths."""
        return jnp.einsum("...ic,...jc->...ij", jnp.diff(x, axis=-2), jnp.diff(y, axis=-2))


class RBFKernel(AbstractStaticKernel):
    """Gaussian (radial basis function) static kernel: `exp(-|x - y|^2 / (2 scale^2))`.

    Attributes:
        scale: The length scale, in the units of the paths' values; positive.

    Raises:
        ValueError: If the scale is not positive.

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
            raise ValueError(f"scale must be positive; got {self.scale}.")

    def increments(
        self, x: Float[Array, "*batch_x rows channels"], y: Float[Array, "*batch_y columns channels"]
    ) -> Float[Array, "..."]:
        """Second differences of the kernel matrix of the points."""
        squares = jnp.sum((x[..., :, None, :] - y[..., None, :, :]) ** 2, axis=-1)
        matrix = jnp.exp(-squares / (2 * self.scale**2))
        return jnp.diff(jnp.diff(matrix, axis=-1), axis=-2)
