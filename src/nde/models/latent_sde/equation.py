"""The two equations of a latent state, over one gap."""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from nde.core.types import RealScalar
from nde.models.latent_sde.drift import ContextDrift
from nde.models.latent_sde.gaps import Gaps
from nde.nn.time_concatenated import with_time
from nde.paths import BrownianMotion
from nde.terms import ControlTerm, MultiTerm, ODETerm, with_logqp


class Equation(eqx.Module):
    """`dz = f(t, z, context) dt + g(z) dW`, and the prior `dz = h(t, z) dt + g(z) dW`.

    Attributes:
        posterior: `f`.
        prior: `h`.
        diffusion: `g`, positive.
        time: Whether drifts see the time.
    """

    posterior: ContextDrift
    prior: Callable[[Array], Array]
    diffusion: Callable[[Array], Array]
    time: bool = eqx.field(static=True)


_Args = tuple[Equation, Gaps]


def terms_of(gap: Gaps, size: int) -> MultiTerm:
    """What a solve from 0 to 1 follows over a gap: the state, and its divergence from the prior.

    Its arguments are the equation and the gap.

    Args:
        gap: One gap; with something seen the posterior, without it the prior.
        size: Length of the state.
    """
    drift = _prior_drift if gap.seen is None else _posterior_drift
    noise = ControlTerm(_diffusion, BrownianMotion((size,), gap.keys))
    return with_logqp(MultiTerm(ODETerm(drift), noise), _prior_drift)


def _posterior_drift(s: RealScalar, z: Float[Array, " state"], args: _Args) -> Float[Array, " state"]:
    equation, gap = args
    drift = equation.posterior(_input(s, z, args), gap.seen)
    if gap.known is not None:
        drift = jnp.where(gap.known, drift, equation.prior(_input(s, z, args)))
    return gap.lengths * drift


def _prior_drift(s: RealScalar, z: Float[Array, " state"], args: _Args) -> Float[Array, " state"]:
    equation, gap = args
    return gap.lengths * equation.prior(_input(s, z, args))


def _diffusion(s: RealScalar, z: Float[Array, " state"], args: _Args) -> Float[Array, " state"]:
    del s
    equation, gap = args
    return gap.roots * equation.diffusion(z)


def _input(s: RealScalar, z: Float[Array, " state"], args: _Args) -> Float[Array, " input"]:
    """What drifts see of a time and a state."""
    equation, gap = args
    return with_time(gap.starts + s * gap.lengths, z) if equation.time else z
