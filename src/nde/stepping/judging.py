"""Controllers that judge steps otherwise."""

import dataclasses
from collections.abc import Callable
from typing import Any

from nde.stepping.base import AbstractStepSizeController
from nde.stepping.clip import ClipStepSizeController
from nde.stepping.revisit import RevisitingController


def judging_anew(controller: AbstractStepSizeController, change: Callable[[Any], Any]) -> Any:
    """The controller, what judges steps by their error in it changed; itself if nothing does."""
    changed: Any = controller
    if isinstance(controller, ClipStepSizeController | RevisitingController):
        return dataclasses.replace(changed, controller=judging_anew(controller.controller, change))
    return change(changed) if controller.needs_error else controller
