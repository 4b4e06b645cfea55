"""The posterior and prior SDEs of latent states, and their solution over gaps."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from nde.core.types import RealScalar
from nde.gradients import AbstractAdjoint
from nde.models.latent_sde.clocked import Clocked
from nde.models.latent_sde.drift import AbstractContextDrift
from nde.nn.time_concatenated import with_time
from nde.paths import BrownianMotion
from nde.solve import diffeqsolve
from nde.solvers import AbstractSolver
from nde.stepping import StepTo
from nde.terms import ControlTerm

States = tuple[Float[Array, "series state"], Float[Array, " series"]]
"""The state of each series, and the KL divergence of its path from the prior so far."""


class Gaps(eqx.Module):
    """Intervals from one time to the next, of several series.

    The leading axis is that of gaps, so that a scan takes one gap of all series at a time.

    Attributes:
        starts: The start times.
        ends: The end times.
        embedding: The embedding of the context in each gap, for the posterior's drift; `None` for the prior.
        known: Whether there is a context: false after the last row. `None` if there is one in every gap.
    """

    starts: Float[Array, "*gaps"]
    ends: Float[Array, "*gaps"]
    embedding: Float[Array, "*gaps width"] | None = None
    known: Bool[Array, "*gaps"] | None = None

    @classmethod
    def between(
        cls,
        ts: Float[Array, "series times"],
        embedding: Float[Array, "series gaps width"] | None = None,
        known: Bool[Array, "series gaps"] | None = None,
    ) -> "Gaps":
        """Return the gaps between non-decreasing times."""
        fields = (ts[:, :-1], ts[:, 1:], embedding, known)
        return cls(*jax.tree.map(lambda x: jnp.moveaxis(x, 1, 0), fields))

    @property
    def lengths(self) -> Float[Array, "*gaps"]:
        """The length of each gap; zero in the padding."""
        return self.ends - self.starts

    @property
    def roots(self) -> Float[Array, "*gaps"]:
        """The square roots of the lengths, with a zero derivative at zero."""
        positive = self.lengths > 0
        return jnp.where(positive, jnp.sqrt(jnp.where(positive, self.lengths, 1.0)), 0.0)


class Coefficients(eqx.Module):
    """The coefficients of the time and noise increments.

    Attributes:
        drift: The drift of the state.
        divergence: Half the squared norm of `u`, where `g u = f - h`.
        diffusion: The diffusion of the state.
    """

    drift: Float[Array, "*series state"]
    divergence: Float[Array, "*series"]
    diffusion: Float[Array, "*series state"]


class Equation(eqx.Module):
    """The posterior `dz = f(t, z, context) dt + g(z) dW` and the prior `dz = h(t, z) dt + g(z) dW`.

    Attributes:
        posterior: The drift `f`.
        prior: The drift `h`.
        diffusion: The diffusion `g`, which is positive.
        time: Whether drifts depend on time.
    """

    posterior: AbstractContextDrift
    prior: Callable[[Array], Array]
    diffusion: Callable[[Array], Array]
    time: bool = eqx.field(static=True)

    def coefficients(self, s: RealScalar, z: Float[Array, " state"], gap: Gaps) -> Coefficients:
        """Return the coefficients for a single series, in the time of the gap from 0 to 1.

        The divergence is that of `nde.with_logqp` for diagonal noise; one factor of the length of the gap cancels.
        """
        x = with_time(gap.starts + s * gap.lengths, z) if self.time else z
        prior, g = self.prior(x), self.diffusion(z)
        drift = prior if gap.embedding is None else self.posterior(x, gap.embedding)
        if gap.known is not None:
            drift = jnp.where(gap.known, drift, prior)
        rate = 0.5 * jnp.sum(((drift - prior) / g) ** 2)
        return Coefficients(gap.lengths * drift, gap.lengths * rate, gap.roots * g)

    def solve_gap(
        self,
        states: States,
        gap: Gaps,
        key: PRNGKeyArray,
        solver: AbstractSolver,
        adjoint: AbstractAdjoint,
        substeps: int,
    ) -> States:
        """Solve for the states at the end of a gap.

        All series are solved as a single state. The gradient of a `jax.vmap` of solves would store a cotangent of the
        weights for each.
        """
        term = ControlTerm(_coefficients, Clocked(BrownianMotion(states[0].shape, key)), _increment)
        steps = StepTo(jnp.linspace(0.0, 1.0, substeps + 1))
        after = diffeqsolve(
            term, solver, 0.0, 1.0, None, states, (self, gap), stepsize_controller=steps, adjoint=adjoint
        ).ys
        return jax.tree.map(lambda leaf: leaf[0], after)


def _coefficients(s: RealScalar, states: States, args: tuple[Equation, Gaps]) -> Coefficients:
    equation, gap = args
    return jax.vmap(lambda z, each: equation.coefficients(s, z, each))(states[0], gap)


def _increment(at: Coefficients, increments: tuple[RealScalar, Float[Array, "series state"]]) -> States:
    dt, dW = increments
    return at.drift * dt + at.diffusion * dW, at.divergence * dt
