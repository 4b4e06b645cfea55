"""The trace of a vector field's Jacobian: exact, or estimated with random directions."""

import abc
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray


class AbstractTrace(eqx.Module):
    """Base class of methods for the trace of a Jacobian `J`, defined by directions `v`.

    If the sum of `v v^T` over the directions is the identity, at least on average, then the sum of `v^T J v` is the
    trace of `J`, and the sum of `|J v|^2` is the square of its Frobenius norm.

    Example:
        ```python
        from nde.models import AbstractTrace, ExactTrace

        assert isinstance(ExactTrace(), AbstractTrace)
        ```
    """

    @abc.abstractmethod
    def directions(self, like: Float[Array, " size"], key: PRNGKeyArray | None) -> Float[Array, "directions size"]:
        """Return the directions, which are the same for a whole solve.

        Args:
            like: A state, for its size and precision.
            key: A key of `jax.random` for random directions.
        """


class ExactTrace(AbstractTrace):
    """The exact trace, the default: one derivative of the vector field per component of the state.

    Example:
        ```python
        import jax.numpy as jnp
        from nde.models import ExactTrace

        print(ExactTrace().directions(jnp.zeros(2), None))
        ```
    """

    def directions(self, like: Float[Array, " size"], key: PRNGKeyArray | None) -> Float[Array, "directions size"]:
        """Return the unit vectors; no key is needed."""
        del key
        return jnp.eye(len(like), dtype=like.dtype)


class HutchinsonTrace(AbstractTrace):
    """Hutchinson's estimate of the trace: unbiased, with a single derivative of the vector field per random direction.

    Use it for large states. For independent components of mean 0 and variance 1, the variance of `v^T J v` is `2 |S|^2`
    with normal noise, where `S` is the symmetric part of `J`. With random signs it is smaller, `2 (|S|^2 - sum of
    S_ii^2)`.

    Attributes:
        noise: `noise(key, shape, dtype)`: `jax.random.rademacher` for random signs, or `jax.random.normal`.
        probes: The number of directions, whose estimates are averaged.

    Source: Hutchinson, *A stochastic estimator of the trace of the influence matrix for Laplacian smoothing splines*
    (1990), doi:10.1080/03610919008812866; for flows: Grathwohl, Chen, Bettencourt, Sutskever and Duvenaud, *FFJORD*
    (2019), doi:10.48550/arXiv.1810.01367.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        from nde.models import HutchinsonTrace

        for trace in HutchinsonTrace(), HutchinsonTrace(jax.random.normal, probes=2):
            print(trace.directions(jnp.zeros(3), jax.random.key(0)))
        ```
    """

    noise: Callable[..., Array] = eqx.field(static=True, default=jax.random.rademacher)
    probes: int = eqx.field(static=True, default=1)

    def __check_init__(self) -> None:
        if self.probes < 1:
            raise ValueError(f"probes must be at least 1; got {self.probes}.")

    def directions(self, like: Float[Array, " size"], key: PRNGKeyArray | None) -> Float[Array, "directions size"]:
        """Sample random directions.

        Raises:
            ValueError: If there is no key.
        """
        if key is None:
            raise ValueError(
                "`HutchinsonTrace` needs a key for its random directions. Pass `key=`, or create the flow with "
                "`trace=ExactTrace()`."
            )
        return self.noise(key, (self.probes, len(like)), like.dtype) / jnp.asarray(self.probes**0.5, like.dtype)


class Moment(eqx.Module):
    """A vector field at a time and state, with properties of its Jacobian.

    Attributes:
        field: The vector field as a function `(t, y)`.
        t: The time.
        y: The state.
        slope: The value of the vector field.
        trace: The trace of its Jacobian, or an estimate.
        square: The squared Frobenius norm of its Jacobian, or an estimate.
    """

    field: Callable[[Any, Any], Array]
    t: Float[Array, ""]
    y: Float[Array, " size"]
    slope: Float[Array, " size"]
    trace: Float[Array, ""]
    square: Float[Array, ""]


def moment_of(
    field: Callable[[Any, Any], Array],
    t: Float[Array, ""],
    y: Float[Array, " size"],
    directions: Float[Array, "directions size"],
) -> Moment:
    """Evaluate a vector field and its derivatives along the directions, by forward mode."""
    along = lambda v: jax.jvp(lambda y: field(t, y), (y,), (v,))
    slope, slopes = jax.vmap(along, out_axes=(None, 0))(directions)
    return Moment(field, t, y, slope, trace=jnp.sum(directions * slopes), square=jnp.sum(slopes**2))
