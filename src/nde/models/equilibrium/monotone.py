"""Maps of monotone operators, whose equilibrium always exists."""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from nde.nn.parametrization import AbstractParametrization
from nde.nn.spectral_norm import spectral_norm_bound

Matrix = Float[Array, "size size"]
Vector = Float[Array, " size"]


class AbstractSplitting(eqx.Module):
    """A way to make a map that contracts of a monotone `W`, with the same equilibrium `z = relu(W z + u)`.

    Example:
        ```python
        import nde

        assert issubclass(nde.models.PeacemanRachford, nde.models.AbstractSplitting)
        ```
    """

    @abc.abstractmethod
    def map_of(self, weight: Matrix, margin: float) -> "AbstractSplittingMap":
        """Return the map.

        Args:
            weight: The matrix `W`.
            margin: The smallest eigenvalue of the symmetric part of `I - W`, at least.
        """


class AbstractSplittingMap(eqx.Module):
    """The map of a splitting, from states to states."""

    @abc.abstractmethod
    def __call__(self, z: Vector, u: Vector) -> Vector:
        """Apply the map.

        Args:
            z: The state, of which `relu` is the equilibrium in the end.
            u: What is injected.
        """


class ForwardBackward(AbstractSplitting):
    r"""Forward-backward splitting: $z \to \mathrm{relu}(z + \alpha (W z + u - z))$.

    It contracts by $\sqrt{1 - (m / L)^2}$ with $\alpha = m / L^2$, where `m` is the margin and `L` an upper bound of
    the norm of `I - W`. Its residual is about $\alpha$ times that of the equilibrium: a large
    `L` wants a small `rtol`.

    Source: Winston and Kolter, *Monotone operator equilibrium networks* (2020), doi:10.48550/arXiv.2006.08591.

    Example:
        ```python
        import jax
        import nde

        splitting = nde.models.ForwardBackward()
        print(nde.models.MonotoneDEQ(2, 8, 1, splitting=splitting, key=jax.random.key(0))(jax.numpy.ones(2)))
        ```
    """

    def map_of(self, weight: Matrix, margin: float) -> "ForwardBackwardMap":
        """Return the map."""
        lipschitz = spectral_norm_bound(jnp.eye(len(weight), dtype=weight.dtype) - weight)
        return ForwardBackwardMap(weight, jax.lax.stop_gradient(margin / lipschitz**2))


class ForwardBackwardMap(AbstractSplittingMap):
    """The map of forward-backward splitting."""

    weight: Matrix
    alpha: Float[Array, ""]

    def __call__(self, z: Vector, u: Vector) -> Vector:
        """Apply the map."""
        return jax.nn.relu(z + self.alpha * (self.weight @ z + u - z))


class PeacemanRachford(AbstractSplitting):
    r"""Peaceman-Rachford splitting, with an inverse that is computed once for a solve.

    $v \to 2 (I + \alpha (I - W))^{-1} (2 z - v + \alpha u) - (2 z - v)$ with $z = \mathrm{relu}(v)$. It contracts by
    $\sqrt{1 - m / L}$ with $\alpha = 1 / L$, and so takes fewer steps than `ForwardBackward`.

    Source: Winston and Kolter, *Monotone operator equilibrium networks* (2020), doi:10.48550/arXiv.2006.08591.

    Example:
        ```python
        import jax
        import nde

        splitting = nde.models.PeacemanRachford()
        print(nde.models.MonotoneDEQ(2, 8, 1, splitting=splitting, key=jax.random.key(0))(jax.numpy.ones(2)))
        ```
    """

    def map_of(self, weight: Matrix, margin: float) -> "PeacemanRachfordMap":
        """Return the map."""
        del margin
        unit = jnp.eye(len(weight), dtype=weight.dtype)
        alpha = jax.lax.stop_gradient(1 / spectral_norm_bound(unit - weight))
        return PeacemanRachfordMap(jnp.linalg.inv(unit + alpha * (unit - weight)), alpha)


class PeacemanRachfordMap(AbstractSplittingMap):
    """The map of Peaceman-Rachford splitting."""

    resolvent: Matrix
    alpha: Float[Array, ""]

    def __call__(self, z: Vector, u: Vector) -> Vector:
        """Apply the map."""
        reflected = 2 * jax.nn.relu(z) - z
        return 2 * (self.resolvent @ (reflected + self.alpha * u)) - reflected


class MonotoneMap(AbstractParametrization):
    """The map of a `W = (1 - m) I - A^T A + B - B^T`, for which `I - W` is strongly monotone whatever `A` and `B` are.

    Attributes:
        a: The matrix `A`.
        b: The matrix `B`.
        margin: The number `m`.
        splitting: How a map that contracts is made of it.
    """

    a: Matrix
    b: Matrix
    margin: float = eqx.field(static=True)
    splitting: AbstractSplitting

    @classmethod
    def random(cls, size: int, margin: float, splitting: AbstractSplitting, key: PRNGKeyArray) -> "MonotoneMap":
        """Draw the matrices, of spectral norms about one."""
        a, b = jax.random.normal(key, (2, size, size)) / (2 * size**0.5)
        return cls(a, b, margin, splitting)

    @property
    def weight(self) -> Matrix:
        """The matrix `W`."""
        unit = jnp.eye(len(self.a), dtype=self.a.dtype)
        return (1 - self.margin) * unit - self.a.T @ self.a + self.b - self.b.T

    @property
    def value(self) -> AbstractSplittingMap:
        """The map that contracts."""
        return self.splitting.map_of(self.weight, self.margin)

    def __call__(self, z: Vector, u: Vector) -> Vector:
        """Apply the map that contracts."""
        return self.value(z, u)
