"""Controllers whose norm is changed."""

import dataclasses
from collections.abc import Callable
from typing import Any

from nde.core.types import Norm
from nde.stepping.base import AbstractStepSizeController
from nde.stepping.clip import ClipStepSizeController


def with_norm(controller: AbstractStepSizeController, change: Callable[[Norm], Norm]) -> AbstractStepSizeController:
    """The controller, its norm of errors changed; itself if it judges steps by no error."""
    changed: Any = controller
    if isinstance(controller, ClipStepSizeController):
        inner: Any = with_norm(controller.controller, change)
        return dataclasses.replace(changed, controller=inner)
    if not controller.needs_error:
        return controller
    return dataclasses.replace(changed, norm=change(changed.norm))
