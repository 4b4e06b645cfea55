"""What a flow may pay for along its way: integrands that ride in the solve of the log-density."""

from collections.abc import Callable

import jax.numpy as jnp
from jax.experimental.jet import jet
from jaxtyping import Array, Float

from nde.core.types import RealScalar
from nde.models.normalizing.trace import Moment

Cost = Callable[[Moment], Float[Array, ""]]
"""What is integrated over the time of a flow."""


def kinetic_energy(moment: Moment) -> Float[Array, ""]:
    """The square of the speed: its integral is least for straight paths at constant speed.

    Source: Finlay, Jacobsen, Nurbekyan and Oberman, *How to train your neural ODE: the world of Jacobian and kinetic
    regularization* (2020), section 3, doi:10.48550/arXiv.2002.02798.
    """
    return jnp.sum(moment.slope**2)


def jacobian_norm(moment: Moment) -> Float[Array, ""]:
    """The square of the Jacobian's Frobenius norm, from the same derivatives as the trace.

    Source: Finlay, Jacobsen, Nurbekyan and Oberman (2020), section 3, doi:10.48550/arXiv.2002.02798.
    """
    return moment.square


def total_derivative(order: int) -> Cost:
    """The square of the norm of a path's derivative of this order, by Taylor mode.

    Solvers of order `order` or less make their errors of it.

    Source: Kelly, Bettencourt, Johnson and Duvenaud, *Learning differential equations that are easy to solve* (2020),
    section 3 and appendix A, doi:10.48550/arXiv.2007.04504.
    """
    return lambda moment: jnp.sum(path_derivatives(moment, order)[-1] ** 2)


def path_derivatives(moment: Moment, order: int) -> list[Float[Array, " size"]]:
    """The first derivatives by time of the path through a moment's state.

    Of a path `y` with `dy/dt = f(t, y)`, the first `k` derivatives give those of `f` along it, of which the last is
    the derivative `k + 1` of the path.
    """
    derivatives, clock = [moment.slope], [jnp.ones_like(moment.t)]
    while len(derivatives) < order:
        _, along = jet(_positional(moment), (moment.t, moment.y), (list(clock), list(derivatives)))
        derivatives.append(along[-1])
        clock.append(jnp.zeros_like(moment.t))
    return derivatives


def _positional(moment: Moment) -> Callable[[RealScalar, Array], Array]:
    """The vector field as a function without a state of its own, as `jet` wants it."""
    return lambda t, y: moment.field(t, y)
