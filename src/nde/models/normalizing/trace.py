"""The trace of a vector field's Jacobian: exact, or estimated along random directions."""

import abc
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray


class AbstractTrace(eqx.Module):
    """Along which directions `v` a Jacobian `J` is looked at.

    If the sum of `v v^T` over them is the identity, at least in the mean, then that of `v^T J v` is the trace of `J`,
    and that of `|J v|^2` the square of its Frobenius norm.

    Example:
        ```python
        from nde.models import AbstractTrace, ExactTrace

        assert isinstance(ExactTrace(), AbstractTrace)
        ```
    """

    @abc.abstractmethod
    def directions(self, like: Float[Array, " size"], key: PRNGKeyArray | None) -> Float[Array, "directions size"]:
        """The directions, the same for a whole solve.

        Args:
            like: A state, for its length and precision.
            key: Of `jax.random`, for those that are random.
        """


class ExactTrace(AbstractTrace):
    """Along all axes: as many derivatives of the vector field as the state has components. The default.

    Example:
        ```python
        import jax.numpy as jnp
        from nde.models import ExactTrace

        print(ExactTrace().directions(jnp.zeros(2), None))
        ```
    """

    def directions(self, like: Float[Array, " size"], key: PRNGKeyArray | None) -> Float[Array, "directions size"]:
        """The unit vectors; no key is needed."""
        del key
        return jnp.eye(len(like), dtype=like.dtype)


class HutchinsonTrace(AbstractTrace):
    """Along few random directions, one derivative of the vector field each: an unbiased estimate for large states.

    With independent components of mean 0 and variance 1, the variance of `v^T J v` is `2 |S|^2` for normal noise, where
    `S` is the symmetric part of `J`; for signs it is less, `2 (|S|^2 - sum of S_ii^2)`.

    Attributes:
        noise: `noise(key, shape, dtype)`: `jax.random.rademacher`, that is, random signs, or `jax.random.normal`.
        probes: How many directions; the estimate is their mean.

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
            raise ValueError(f"Got probes={self.probes}; at least one direction is wanted.")

    def directions(self, like: Float[Array, " size"], key: PRNGKeyArray | None) -> Float[Array, "directions size"]:
        """Random directions of a key.

        Raises:
            ValueError: If there is no key.
        """
        if key is None:
            raise ValueError(
                "Got no key, and this trace is an estimate along random directions: pass `key=`, or make the flow with "
                "`trace=ExactTrace()`."
            )
        return self.noise(key, (self.probes, len(like)), like.dtype) / jnp.asarray(self.probes**0.5, like.dtype)


class Moment(eqx.Module):
    """A vector field at a time and state, and what is known of its Jacobian there.

    Attributes:
        field: The vector field as a function `(t, y)`.
        t: The time.
        y: The state.
        slope: Its value.
        trace: The trace of its Jacobian, or an estimate.
        square: The square of the Jacobian's Frobenius norm, or an estimate.
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
    """The vector field's value, and its derivatives along the directions, by forward mode."""
    along = lambda v: jax.jvp(lambda y: field(t, y), (y,), (v,))
    slope, slopes = jax.vmap(along, out_axes=(None, 0))(directions)
    return Moment(field, t, y, slope, trace=jnp.sum(directions * slopes), square=jnp.sum(slopes**2))
