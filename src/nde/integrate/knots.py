"""Steps and the knots of paths."""

import jax.numpy as jnp

from nde.stepping import AbstractStepSizeController, ClipStepSizeController
from nde.terms import AbstractTerm


def end_at_knots(controller: AbstractStepSizeController, term: AbstractTerm) -> AbstractStepSizeController:
    """The controller; one that chooses its steps ends them where the derivative of a path jumps."""
    if not controller.needs_error or not term.knots:
        return controller
    return ClipStepSizeController(controller, kink_ts=jnp.concatenate(term.knots))
