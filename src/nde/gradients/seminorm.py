"""The norm by which the steps of the adjoint equation are best chosen."""

import dataclasses
from typing import Any

import equinox as eqx
from jaxtyping import Array, Float, PyTree

from nde.core.norms import rms_norm
from nde.core.types import Norm, RealScalar, Tolerance
from nde.gradients.adjoint_term import AdjointState
from nde.stepping import AbstractAdaptiveStepSizeController, AbstractStepSizeController
from nde.stepping.tolerance import is_number, least
from nde.stepping.wrapped import innermost, map_adaptive


def adjoint_rms_seminorm(error: PyTree[Array]) -> Float[Array, ""]:
    """Compute the root mean square over the solution and its cotangent, without the cotangents of parameters.

    The adjoint equation of `BacksolveAdjoint` and `InterpolatedAdjoint` integrates the latter along the way: their
    values never enter the rest, so their errors do not grow, and steps need not be chosen for their sake.

    Args:
        error: The state of the adjoint equation, or its error.

    Raises:
        TypeError: If it is given anything else: it is for the `stepsize_controller` of an adjoint.

    Source: Kidger, Chen and Lyons, *"Hey, that's not an ODE": faster ODE adjoints via seminorms* (2021),
    doi:10.48550/arXiv.2009.09457.

    Example:
        ```python
        import nde

        controller = nde.PIDController(rtol=1e-3, atol=1e-6, norm=nde.adjoint_rms_seminorm)
        print(nde.BacksolveAdjoint(stepsize_controller=controller))
        ```
    """
    if not isinstance(error, AdjointState):
        raise TypeError(
            "`adjoint_rms_seminorm` got the state of an ordinary solve; it is for the controller of an adjoint, as in "
            "`nde.BacksolveAdjoint(stepsize_controller=nde.PIDController(..., norm=nde.adjoint_rms_seminorm))`."
        )
    return rms_norm((error.y, error.a))


class Seminorm(eqx.Module):
    """A norm of the solution and its cotangent alone.

    Attributes:
        norm: The norm.
    """

    norm: Norm

    def __call__(self, error: AdjointState) -> RealScalar:
        """That of both, as of one state."""
        return self.norm((error.y, error.a))


def with_seminorm(controller: AbstractStepSizeController, carried: bool) -> AbstractStepSizeController:
    """The controller of a solve for its adjoint equation: its norm is that of the solution and its cotangent.

    A mean square of all numbers would be one of parameters above all, of which there may be many, with small errors.

    Args:
        controller: The controller.
        carried: Whether the solution is part of the adjoint state.
    """

    def adapted(controller: Any) -> Any:
        rtol, atol = (_adjoint_tolerance(tolerance, carried) for tolerance in (controller.rtol, controller.atol))
        return dataclasses.replace(controller, rtol=rtol, atol=atol, norm=Seminorm(controller.norm))

    return map_adaptive(controller, adapted)


def ignores_inputs(controller: AbstractStepSizeController) -> bool:
    """Whether steps are chosen without a look at the cotangents of parameters.

    Args:
        controller: The controller of an adjoint equation.
    """
    chosen = innermost(controller)
    norm = chosen.norm if isinstance(chosen, AbstractAdaptiveStepSizeController) else None
    return isinstance(norm, Seminorm) or norm is adjoint_rms_seminorm or not chosen.needs_error


def _adjoint_tolerance(tolerance: Tolerance, carried: bool) -> Tolerance:
    """A tolerance of the state as one of the adjoint state: the cotangent of a component has that of the component."""
    if is_number(tolerance):
        return tolerance
    return AdjointState(tolerance if carried else None, tolerance, least(tolerance))
