"""The two equations of latent states, and how the states of some series go over gaps by either."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from nde.core.types import RealScalar
from nde.gradients import AbstractAdjoint
from nde.models.latent_sde.clocked import Clocked
from nde.models.latent_sde.drift import AbstractContextDrift
from nde.models.latent_sde.gaps import Gaps
from nde.nn.time_concatenated import with_time
from nde.paths import BrownianMotion
from nde.solve import diffeqsolve
from nde.solvers import AbstractSolver
from nde.stepping import StepTo
from nde.terms import ControlTerm

States = tuple[Float[Array, "series state"], Float[Array, " series"]]
"""Of each series the state, and the divergence so far of its path's law from the prior's."""


class Slopes(eqx.Module):
    """What the increments of time and noise are multiplied by.

    Attributes:
        drift: Of the state.
        divergence: Half the square of `u`, with `g u = f - h`.
        diffusion: Of the state.
    """

    drift: Float[Array, "*series state"]
    divergence: Float[Array, "*series"]
    diffusion: Float[Array, "*series state"]


class Equation(eqx.Module):
    """`dz = f(t, z, context) dt + g(z) dW`, and the prior `dz = h(t, z) dt + g(z) dW`.

    Attributes:
        posterior: `f`.
        prior: `h`.
        diffusion: `g`, positive.
        time: Whether drifts see the time.
    """

    posterior: AbstractContextDrift
    prior: Callable[[Array], Array]
    diffusion: Callable[[Array], Array]
    time: bool = eqx.field(static=True)

    def slopes(self, s: RealScalar, z: Float[Array, " state"], gap: Gaps) -> Slopes:
        """Of one series, in the time of the gap, from 0 to 1.

        The divergence's is that of `nde.with_logqp` for a diagonal, in which the length of the gap cancels but once.
        """
        x = with_time(gap.starts + s * gap.lengths, z) if self.time else z
        prior, g = self.prior(x), self.diffusion(z)
        drift = prior if gap.seen is None else self.posterior(x, gap.seen)
        if gap.known is not None:
            drift = jnp.where(gap.known, drift, prior)
        rate = 0.5 * jnp.sum(((drift - prior) / g) ** 2)
        return Slopes(gap.lengths * drift, gap.lengths * rate, gap.roots * g)

    def over(
        self,
        states: States,
        gap: Gaps,
        key: PRNGKeyArray,
        solver: AbstractSolver,
        adjoint: AbstractAdjoint,
        substeps: int,
    ) -> States:
        """The states at the end of a gap.

        All series are one state: the gradient of a `vmap` of solves would hold a cotangent of the weights for each.
        """
        term = ControlTerm(_slopes, Clocked(BrownianMotion(states[0].shape, key)), _change)
        steps = StepTo(jnp.linspace(0.0, 1.0, substeps + 1))
        after = diffeqsolve(
            term, solver, 0.0, 1.0, None, states, (self, gap), stepsize_controller=steps, adjoint=adjoint
        ).ys
        return jax.tree.map(lambda leaf: leaf[0], after)


def _slopes(s: RealScalar, states: States, args: tuple[Equation, Gaps]) -> Slopes:
    equation, gap = args
    return jax.vmap(lambda z, each: equation.slopes(s, z, each))(states[0], gap)


def _change(slopes: Slopes, increments: tuple[RealScalar, Float[Array, "series state"]]) -> States:
    dt, dW = increments
    return slopes.drift * dt + slopes.diffusion * dW, slopes.divergence * dt
