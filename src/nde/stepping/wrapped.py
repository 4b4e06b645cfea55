"""Controllers around another controller."""

import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx

from nde.core.types import IntScalar, Norm, Time, Tolerance
from nde.stepping.base import AbstractAdaptiveStepSizeController, AbstractStepSizeController


class AbstractWrappedController(AbstractAdaptiveStepSizeController):
    """A controller that changes the steps of another.

    Attributes:
        controller: The other.
    """

    controller: eqx.AbstractVar[AbstractStepSizeController]

    @property
    def rtol(self) -> Tolerance:
        """The relative tolerance of the inner controller."""
        return self.controller.rtol  # pyright: ignore[reportAttributeAccessIssue]

    @property
    def atol(self) -> Tolerance:
        """The absolute tolerance of the inner controller."""
        return self.controller.atol  # pyright: ignore[reportAttributeAccessIssue]

    @property
    def norm(self) -> Norm:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The norm of the inner controller."""
        return self.controller.norm  # pyright: ignore[reportAttributeAccessIssue]

    @property
    def needs_error(self) -> bool:
        """As the inner controller."""
        return self.controller.needs_error

    @property
    def needs_dt0(self) -> bool:
        """As the inner controller."""
        return self.controller.needs_dt0

    @property
    def always_accepts(self) -> bool:
        """As the inner controller."""
        return self.controller.always_accepts

    def check(self, t0: Time, t1: Time) -> IntScalar | int:
        """As the inner controller."""
        return self.controller.check(t0, t1)


def innermost(controller: AbstractStepSizeController) -> AbstractStepSizeController:
    """The controller that chooses the steps which those around it change."""
    while isinstance(controller, AbstractWrappedController):
        controller = controller.controller
    return controller


def map_adaptive(controller: AbstractStepSizeController, change: Callable[[Any], Any]) -> Any:
    """The controller with its innermost one changed if that is adaptive; itself if it is not.

    Args:
        controller: The controller.
        change: From an adaptive controller to another.
    """
    if isinstance(controller, AbstractWrappedController):
        wrapped: Any = controller
        return dataclasses.replace(wrapped, controller=map_adaptive(controller.controller, change))
    return change(controller) if controller.needs_error else controller
