"""Regularizers of flows: integrands that are solved along with the log-density."""

from collections.abc import Callable

import jax.numpy as jnp
from jax.experimental.jet import jet
from jaxtyping import Array, Float

from nde.core.types import RealScalar
from nde.models.normalizing.trace import Moment

Cost = Callable[[Moment], Float[Array, ""]]
"""An integrand along the path of a flow."""


def kinetic_energy(moment: Moment) -> Float[Array, ""]:
    """Return the squared speed. Its integral is smallest for straight paths at constant speed.

    Source: Finlay, Jacobsen, Nurbekyan and Oberman, *How to train your neural ODE: the world of Jacobian and kinetic
    regularization* (2020), section 3, doi:10.48550/arXiv.2002.02798.
    """
    return jnp.sum(moment.slope**2)


def jacobian_norm(moment: Moment) -> Float[Array, ""]:
    """Return the squared Frobenius norm of the Jacobian, from the same derivatives as the trace.

    Source: Finlay, Jacobsen, Nurbekyan and Oberman (2020), section 3, doi:10.48550/arXiv.2002.02798.
    """
    return moment.square


def total_derivative(order: int) -> Cost:
    """Return a cost: the squared norm of the path's derivative of this order, by Taylor-mode differentiation.

    The error of a solver depends on the derivatives of the path: regularizing them makes the flow cheaper to solve.

    Source: Kelly, Bettencourt, Johnson and Duvenaud, *Learning differential equations that are easy to solve* (2020),
    section 3 and appendix A, doi:10.48550/arXiv.2007.04504.
    """
    return lambda moment: jnp.sum(path_derivatives(moment, order)[-1] ** 2)


def path_derivatives(moment: Moment, order: int) -> list[Float[Array, " size"]]:
    """Return the first time derivatives of the path through a moment's state.

    Given the first `k` derivatives of a path with `dy/dt = f(t, y)`, Taylor mode yields those of `f` along it, of which
    the last is derivative `k + 1` of the path.
    """
    derivatives, clock = [moment.slope], [jnp.ones_like(moment.t)]
    while len(derivatives) < order:
        _, along = jet(_positional(moment), (moment.t, moment.y), (list(clock), list(derivatives)))
        derivatives.append(along[-1])
        clock.append(jnp.zeros_like(moment.t))
    return derivatives


def _positional(moment: Moment) -> Callable[[RealScalar, Array], Array]:
    """Return the vector field as a plain function, which `jet` requires."""
    return lambda t, y: moment.field(t, y)
