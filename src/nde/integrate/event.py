"""What may end a solve before t1."""

import abc
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp

from nde.core.norms import rms_norm
from nde.core.types import BoolScalar, Norm, Tolerance, Y
from nde.stepping.tolerance import error_scale, is_number


class AbstractEvent(eqx.Module):
    """A condition that is evaluated after each accepted step and may end the solve.

    Example:
        ```python
        import nde

        assert isinstance(nde.steady_state(rtol=1e-6, atol=1e-6), nde.AbstractEvent)
        ```
    """

    @property
    @abc.abstractmethod
    def may_stop(self) -> bool:
        """Whether it ever ends a solve."""

    @abc.abstractmethod
    def reached(self, slope: Callable[[], Y], y: Y) -> BoolScalar:
        """Whether the solve is to end with this state.

        Args:
            slope: Makes the derivative of the state.
            y: The state.
        """


class NoEvent(AbstractEvent):
    """Nothing ends a solve before t1."""

    @property
    def may_stop(self) -> bool:
        """False."""
        return False

    def reached(self, slope: Callable[[], Y], y: Y) -> BoolScalar:
        """False."""
        del slope, y
        return jnp.asarray(False)


class SteadyState(AbstractEvent):
    """Ends a solve where the state hardly moves any more; made by `steady_state`.

    Attributes:
        rtol: Relative tolerance.
        atol: Absolute tolerance.
        norm: Of states.
    """

    rtol: Tolerance
    atol: Tolerance
    norm: Norm

    @property
    def may_stop(self) -> bool:
        """True."""
        return True

    def reached(self, slope: Callable[[], Y], y: Y) -> BoolScalar:
        """Whether the norm of the derivative is below `atol + rtol * norm(y)`; see `steady_state`."""
        if is_number(self.rtol) and is_number(self.atol):
            return jnp.asarray(self.norm(slope()) < self.atol + self.rtol * self.norm(y))
        scales = error_scale(self.rtol, self.atol, jax.tree.map(jnp.abs, y))
        return jnp.asarray(self.norm(jax.tree.map(jnp.divide, slope(), scales)) < 1)


def steady_state(rtol: Tolerance = 1e-6, atol: Tolerance = 1e-6, norm: Norm = rms_norm) -> SteadyState:
    """Make an event that ends a solve at a steady state: where `norm(f(t, y)) < atol + rtol * norm(y)`.

    Pass it as `diffeqsolve(..., event=nde.steady_state(), adjoint=nde.ImplicitAdjoint())`, with a `t1` that is late
    enough. The vector field is evaluated once more after each accepted step. A solve that it ends has the result
    `RESULTS.event_occurred`, which is okay; one that reaches t1 before has not come to rest.

    Args:
        rtol: Relative tolerance, in one over a unit of time: a number, or an array or a pytree that is a prefix of the
            state. With the latter the rule is `norm(f(t, y) / (atol + rtol * |y|)) < 1`.
        atol: Absolute tolerance, in units of the state over one of time, likewise.
        norm: Of states.

    Raises:
        ValueError: If a tolerance is negative, or both are zero.

    Example:
        ```python
        import nde

        term = nde.ODETerm(lambda t, y, args: args - y)
        sol = nde.diffeqsolve(
            term, nde.Tsit5(), 0.0, 100.0, None, 0.0, args=2.0, event=nde.steady_state(),
            stepsize_controller=nde.PIDController(rtol=1e-6, atol=1e-6),
        )
        print(sol.ts, sol.ys, sol.result == nde.RESULTS.event_occurred)
        ```
    """
    if all(isinstance(tol, int | float) for tol in (rtol, atol)) and not (min(rtol, atol) >= 0 < max(rtol, atol)):
        raise ValueError(
            f"Got rtol={rtol} and atol={atol}; tolerances must be non-negative, and at least one positive."
        )
    return SteadyState(rtol, atol, norm)
