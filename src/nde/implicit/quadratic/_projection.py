"""Projections onto convex sets."""

import abc
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jax.core import Tracer
from jaxtyping import Array, Float

from nde.core.describe import describe
from nde.implicit.quadratic._quadratic_program import quadratic_program

Vector = Float[Array, " variables"]


class AbstractConvexSet(eqx.Module):
    """A convex set that `projection` projects onto.

    Example:
        ```python
        import nde

        assert isinstance(nde.implicit.Simplex(), nde.implicit.AbstractConvexSet)
        ```
    """

    @abc.abstractmethod
    def project(self, x: Vector) -> Vector:
        """The nearest point of the set, of shape `(variables,)`.

        Args:
            x: A point, of shape `(variables,)`.
        """


class Simplex(AbstractConvexSet):
    """The nonnegative vectors with a given sum: probabilities, or the weights of a portfolio.

    The projection sorts the numbers, and is exact.

    Attributes:
        total: The sum, a positive number.

    Raises:
        ValueError: If the sum is not one positive number.

    Source: Held, Wolfe and Crowder, *Validation of Subgradient Optimization* (1974), doi:10.1007/BF01580223.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        print(nde.implicit.projection(jnp.array([0.9, 0.5, -2.0]), nde.implicit.Simplex()))
        ```
    """

    total: Any = 1.0

    def __check_init__(self) -> None:
        if jnp.shape(self.total) != ():
            raise ValueError(f"`Simplex` got {describe(self.total)} as `total`; expected one positive number.")
        if not isinstance(self.total, Tracer) and not float(self.total) > 0:
            raise ValueError(f"`Simplex` got `total={self.total}`; expected a positive number.")

    def project(self, x: Vector) -> Vector:
        """The nearest point of the simplex."""
        falling = jnp.sort(x, descending=True)
        counts = jnp.arange(1, len(x) + 1, dtype=x.dtype)
        excess = (jnp.cumsum(falling) - self.total) / counts
        kept = jnp.sum(falling > excess)
        return jnp.maximum(x - excess[kept - 1], 0)


class SecondOrderCone(AbstractConvexSet):
    """The vectors whose last number is at least the Euclidean norm of the others.

    Source: Parikh and Boyd, *Proximal Algorithms* (2014), section 6.3.2, doi:10.1561/2400000003.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        print(nde.implicit.projection(jnp.array([3.0, 4.0, 1.0]), nde.implicit.SecondOrderCone()))
        ```
    """

    def project(self, x: Vector) -> Vector:
        """The nearest point of the cone."""
        squares = jnp.sum(x[:-1] ** 2)
        norm = jnp.where(squares > 0, jnp.sqrt(jnp.where(squares > 0, squares, 1)), 0)
        last = x[-1]
        height = jnp.maximum(norm + last, 0) / 2
        ray = jnp.append(x[:-1] * (height / jnp.where(norm > 0, norm, 1)), height)
        return jnp.where(norm <= last, x, ray)


class Polytope(AbstractConvexSet):
    """The points with `A x = b`, `G x <= h` and `lower <= x <= upper`; each may be left out.

    Attributes:
        A: Equality constraints, `(equalities, variables)`.
        b: Their right-hand sides, `(equalities,)`.
        G: Inequality constraints, `(inequalities, variables)`.
        h: Their right-hand sides, `(inequalities,)`.
        lower: Lower bounds, a number or `(variables,)`.
        upper: Upper bounds, a number or `(variables,)`.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        half = nde.implicit.Polytope(G=jnp.array([[1.0, 1.0]]), h=jnp.array([1.0]))
        print(nde.implicit.projection(jnp.array([2.0, 0.0]), half))
        ```
    """

    A: Any = None
    b: Any = None
    G: Any = None
    h: Any = None
    lower: Any = None
    upper: Any = None

    def project(self, x: Vector) -> Vector:
        """The nearest point of the polytope, by a quadratic program.

        Raises:
            SolveError: If the polytope is empty.
            ValueError: If shapes do not fit.
        """
        bounds = {"lower": self.lower, "upper": self.upper}
        return quadratic_program(jnp.ones_like(x), -x, self.A, self.b, self.G, self.h, **bounds).value


def projection(x: Any, onto: AbstractConvexSet) -> Vector:
    r"""Project a point onto a convex set: the point of the set that is nearest.

    $$\operatorname*{argmin}_{y \in C} \tfrac12 \|y - x\|^2$$

    It is differentiable with respect to the point and to the arrays of the set.

    Args:
        x: A point, `(variables,)`; use `jax.vmap` for many.
        onto: `Simplex()`, `SecondOrderCone()`, `Polytope(...)`, or a set of your own.

    Returns:
        The projection, `(variables,)`.

    Raises:
        TypeError: If `onto` is no convex set.
        ValueError: If `x` is no vector, or shapes do not fit.
        SolveError: If a polytope is empty.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde

        onto_simplex = lambda x: nde.implicit.projection(x, nde.implicit.Simplex())
        x = jnp.array([0.9, 0.5, -2.0])
        print(onto_simplex(x), jax.jacobian(onto_simplex)(x))
        ```
    """
    if not isinstance(onto, AbstractConvexSet):
        raise TypeError(
            f"`projection` got {describe(onto)} as `onto`; expected a set such as `nde.implicit.Simplex()`."
        )
    x = jnp.asarray(x)
    x = x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype(float)
    if x.ndim != 1 or not x.size:
        raise ValueError(f"`projection` got `x` of shape {x.shape}; expected `(variables,)`. Use `jax.vmap` for many.")
    return onto.project(x)
