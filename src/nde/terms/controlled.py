"""A control term as an ordinary differential equation."""

from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array, PyTree

from nde.core.types import Args, RealScalar, Time, Y
from nde.paths import AbstractPath
from nde.paths.halves import HALVES, Halves
from nde.terms.driven import AbstractDrivenTerm


class Slopes(eqx.Module):
    """The drive of a step along a path with a derivative.

    Attributes:
        h: The size of the step.
        at: The derivatives of the path at the stages, each leaf with a leading axis of stages.
    """

    h: RealScalar
    at: PyTree[Array]

    def stage(self, number: int) -> PyTree[Array]:
        """The derivative at one stage."""
        return jax.tree.map(lambda x: x[number], self.at)


class ControlledODETerm(AbstractDrivenTerm):
    """A control term as an ODE, `f(t, y, args) dX/dt dt`; made by `ControlTerm.to_ode`.

    The derivatives of the path at all stages of a step are made before its first stage, from inside the step: a kink of
    the path between two steps is met by neither.

    Attributes:
        controlled: The control term.

    Raises:
        TypeError: If its path is Brownian motion, which has no derivative.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        path = nde.LinearInterpolation(ts=jnp.array([0.0, 1.0, 3.0]), ys=jnp.array([[1.0], [2.0], [0.0]]))
        term = nde.ControlTerm(lambda t, y, args: -y[:, None], path).to_ode()
        print(nde.diffeqsolve(term, nde.Tsit5(), 0.0, 3.0, 0.1, jnp.ones(1)).ys, jnp.exp(1.0))
        ```
    """

    controlled: AbstractDrivenTerm

    def __init__(self, controlled: AbstractDrivenTerm) -> None:
        self.controlled = controlled
        if controlled.noisy:
            raise TypeError(
                f"`to_ode` got a control of type {type(self.path).__name__}, which has no derivative; expected a path "
                "such as `nde.CubicInterpolation(ts, coeffs)`. Solve the `ControlTerm` itself."
            )

    @property
    def path(self) -> AbstractPath:
        """The path that drives it."""
        return self.controlled.path

    def closed(self, t: RealScalar, y: Y, args: Args) -> "ControlledODETerm":
        """The term with its vector field traced once.

        Raises:
            ValueError: If the shapes of vector field, control and state do not fit together.
        """
        return ControlledODETerm(self.controlled.closed(t, y, args))

    def within(self, low: Time, high: Time) -> "ControlledODETerm":
        """The term whose vector field is not evaluated before `low` or behind `high`."""
        return ControlledODETerm(self.controlled.within(low, high))

    def vf(self, t: RealScalar, y: Y, args: Args) -> PyTree[Any]:
        """The vector field, without the control."""
        return self.controlled.vf(t, y, args)

    def prod(self, vf: PyTree[Any], control: PyTree[Any]) -> Y:
        """The product with an increment of the control."""
        return self.controlled.prod(vf, control)

    def vf_prod(self, t: RealScalar, y: Y, args: Args, control: PyTree[Any]) -> Y:
        """The product at `(t, y)` with an increment of the control."""
        return self.controlled.vf_prod(t, y, args, control)

    def applied(self, vf: PyTree[Any], y: Y, control: PyTree[Any]) -> Y:
        """A value of the vector field times an increment, for a state shaped as `y`."""
        return self.controlled.applied(vf, y, control)

    def derivative(self, t: RealScalar, y: Y, args: Args) -> Y:
        """The vector field times the derivative of the path."""
        return self.controlled.derivative(t, y, args)

    def prepare(
        self,
        t: RealScalar,
        end: RealScalar,
        h: RealScalar,
        nodes: tuple[float, ...],
        needs: frozenset[str],
        path_state: PyTree[Any],
    ) -> tuple[Slopes | Halves, PyTree[Any]]:
        """The derivatives of the path at all stages, and the path's next state."""

        def slopes(t: RealScalar, end: RealScalar, h: RealScalar) -> tuple[Slopes, PyTree[Any]]:
            at, after = self.path.slopes(t, end - t, nodes, path_state)
            return Slopes(h, at), after

        whole, after = slopes(t, end, h)
        if HALVES not in needs:
            return whole, after
        half, middle = 0.5 * h, t + 0.5 * (end - t)
        return Halves(whole, slopes(t, middle, half)[0], slopes(middle, end, h - half)[0]), after

    def slope(self, vf: PyTree[Any], y: Y, drive: Slopes, stage: int) -> Y:
        """The product with the derivative of the path at the stage."""
        return self.controlled.applied(vf, y, drive.stage(stage))

    def scale(self, drive: Slopes) -> RealScalar:
        """The step size."""
        return drive.h

    def backward(self, drive: Slopes, stages: int) -> Slopes:
        """The derivatives of the path at the later stages."""
        return Slopes(-drive.h, jax.tree.map(lambda x: x[stages:], drive.at))
