"""Distributions of observation errors."""

import abc
import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from nde.core.axes import as_last_axes

_INITIAL_SCALE, _MIN_SCALE = 0.1, 1e-3


class AbstractLikelihood(eqx.Module):
    """Base class of distributions of independent observation errors, whose scale is given or learned for each channel.

    Args:
        size: Number of channels.
        scale: The scale, if known; by default it is learned.

    Attributes:
        log_scale: The logarithm of the scale of each channel.
        learns: Whether the scale is learned.

    Raises:
        ValueError: If the scale is not positive.

    Example:
        ```python
        from nde.models import AbstractLikelihood, GaussianLikelihood, LaplaceLikelihood

        assert all(issubclass(each, AbstractLikelihood) for each in (GaussianLikelihood, LaplaceLikelihood))
        ```
    """

    log_scale: Float[Array, " channels"]
    learns: bool = eqx.field(static=True)

    def __init__(self, size: int, scale: float | None = None) -> None:
        if scale is not None and not scale > 0:
            raise ValueError(f"scale must be positive, or None to learn it; got {scale}.")
        self.log_scale = jnp.full(size, math.log(_INITIAL_SCALE if scale is None else scale), float)
        self.learns = scale is None

    @abc.abstractmethod
    def standard(self, x: Float[Array, "*rows channels"]) -> Float[Array, "*rows channels"]:
        """Return the log-density of an error with unit scale."""

    @abc.abstractmethod
    def draw(self, key: PRNGKeyArray, shape: tuple[int, ...], dtype: Any) -> Float[Array, "..."]:
        """Sample errors with unit scale, of a real floating-point dtype."""

    @property
    def scale(self) -> Float[Array, " channels"]:
        """The scale of each channel's errors."""
        return jnp.exp(self._log_scale)

    def log_density(
        self, means: Float[Array, "*rows channels"], ys: Float[Array, "*rows channels"]
    ) -> Float[Array, "*rows channels"]:
        """Return the log-density of each observation.

        Args:
            means: The channels without errors.
            ys: The observations.
        """
        log_scale = as_last_axes(self._log_scale, means)
        return self.standard((ys - means) * jnp.exp(-log_scale)) - log_scale

    def sample(self, means: Float[Array, "*rows channels"], key: PRNGKeyArray) -> Float[Array, "*rows channels"]:
        """Add errors to channels.

        Args:
            means: The channels without errors.
            key: A key of `jax.random` for the errors.
        """
        return means + as_last_axes(self.scale, means) * self.draw(key, means.shape, means.dtype)

    @property
    def _log_scale(self) -> Float[Array, " channels"]:
        if not self.learns:
            return jax.lax.stop_gradient(self.log_scale)
        return jnp.maximum(self.log_scale, math.log(_MIN_SCALE))


class GaussianLikelihood(AbstractLikelihood):
    """Normal observation errors.

    Args:
        size: Number of channels.
        scale: The standard deviation, if known; by default it is learned.

    Attributes:
        log_scale: The logarithm of the standard deviation of each channel.
        learns: Whether the scale is learned.

    Raises:
        ValueError: If the scale is not positive.

    Example:
        ```python
        import jax.numpy as jnp
        from nde.models import GaussianLikelihood

        print(GaussianLikelihood(size=2, scale=0.1).log_density(jnp.zeros(2), jnp.array([0.0, 0.2])))
        ```
    """

    def __init__(self, size: int, scale: float | None = None) -> None:
        super().__init__(size, scale)

    def standard(self, x: Float[Array, "*rows channels"]) -> Float[Array, "*rows channels"]:
        """Return the log-density of the standard normal distribution."""
        return -0.5 * x**2 - 0.5 * math.log(2 * math.pi)

    def draw(self, key: PRNGKeyArray, shape: tuple[int, ...], dtype: Any) -> Float[Array, "..."]:
        """Sample from the standard normal distribution."""
        return jax.random.normal(key, shape, dtype)


class LaplaceLikelihood(AbstractLikelihood):
    """Laplace observation errors, which are robust to outliers.

    Args:
        size: Number of channels.
        scale: The mean absolute error, if known; by default it is learned.

    Attributes:
        log_scale: The logarithm of the mean absolute error of each channel.
        learns: Whether the scale is learned.

    Raises:
        ValueError: If the scale is not positive.

    Example:
        ```python
        import jax.numpy as jnp
        from nde.models import LaplaceLikelihood

        print(LaplaceLikelihood(size=2, scale=0.1).log_density(jnp.zeros(2), jnp.array([0.0, 0.2])))
        ```
    """

    def __init__(self, size: int, scale: float | None = None) -> None:
        super().__init__(size, scale)

    def standard(self, x: Float[Array, "*rows channels"]) -> Float[Array, "*rows channels"]:
        """Return the log-density of the Laplace distribution with unit scale."""
        return -jnp.abs(x) - math.log(2.0)

    def draw(self, key: PRNGKeyArray, shape: tuple[int, ...], dtype: Any) -> Float[Array, "..."]:
        """Sample from the Laplace distribution with unit scale."""
        return jax.random.laplace(key, shape, dtype)
