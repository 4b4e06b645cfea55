"""A stochastic differential equation whose paths are inferred from a series."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from nde.core.compiled import compiled
from nde.gradients import AbstractAdjoint, RecursiveCheckpointAdjoint
from nde.models.latent.posterior import Posterior
from nde.models.latent_sde.context import AbstractContextEncoder, GRUContext
from nde.models.latent_sde.diffusion import ComponentDiffusion
from nde.models.latent_sde.drift import AbstractContextDrift, ContextDrift
from nde.models.latent_sde.equation import Equation, States
from nde.models.latent_sde.gaps import Gaps
from nde.models.latent_sde.likelihood import AbstractLikelihood, GaussianLikelihood
from nde.models.latent_sde.parts import Bound
from nde.models.recurrent.rows import Rows
from nde.nn import softplus
from nde.solvers import AbstractSolver, Euler


class LatentSDE(eqx.Module):
    """A series as noisy observations of a state that follows an equation with noise.

    The state begins with a learned normal law and follows the prior `dz = h(z) dt + g(z) dW`; each row is a function of
    the state plus an error. What a series tells of its own path is the posterior `dz = f(z, c) dt + g(z) dW`, of which
    the drift sees a context `c`: an encoder reads the rows from the last to the first, and between two rows `c` is what
    it had read down to the later one. Both equations have the same diffusion, so that the divergence between the laws
    of their paths is finite (`nde.with_logqp`). Behind the last row, the posterior follows the prior's drift.

    It is written for one series, with normalized channels and times of the order of one. A gap between two times is
    solved in `substeps` equal steps, in a time of its own from 0 to 1; so a batch of series with different times is
    `vmap` and nothing more. With a method of Stratonovich's calculus (`nde.Heun()`, `nde.ReversibleHeun()`) the
    equations are Stratonovich's.

    Args:
        input_size: Number of channels.
        latent_size: Length of the state.
        hidden_size: Length of the encoder's state.
        context_size: Length of a context.
        width: Width of the hidden layers of drifts and diffusion.
        depth: Number of those of the drifts.
        time: Whether drifts see the time, as the first entry of their input.
        encoder: What reads the rows; by default `GRUContext`.
        posterior_drift: `f`; by default `ContextDrift`.
        prior_drift: `h`; by default a perceptron with softplus.
        diffusion: From a state to the diffusion of each component, positive; by default `ComponentDiffusion`.
        decoder: From a state to channels; by default an affine map. An `equinox.nn.MLP` is another.
        likelihood: Of the errors; by default `GaussianLikelihood`, its scale learned.
        substeps: Into how many steps a gap is divided.
        solver: The method.
        adjoint: How solves are differentiated.
        key: Of `jax.random`, for the weights.

    Attributes:
        encoder: What reads the rows.
        initial: From the first row's context to the mean and the logarithm of the variance of the first state.
        prior_initial: The law of the first state before anything was read.
        posterior_drift: `f`.
        prior_drift: `h`.
        diffusion: `g`.
        decoder: From a state to channels.
        likelihood: Of the errors.

    Raises:
        ValueError: If `substeps` or `depth` is less than one.

    Source: Li, Wong, Chen and Duvenaud, *Scalable gradients for stochastic differential equations* (2020), section 5,
    doi:10.48550/arXiv.2001.01328.

    Example:
        ```python
        import jax, jax.numpy as jnp
        from nde.models import LatentSDE

        ts, ys = jnp.array([0.0, 0.4, 1.0]), jnp.array([[1.0], [jnp.nan], [0.5]])
        model = LatentSDE(input_size=1, hidden_size=8, width=8, key=jax.random.key(0))
        print(model.sample(jnp.linspace(0.0, 2.0, 5), key=jax.random.key(1)))
        print(model.posterior(ts, ys, 3, jnp.array([0.2, 1.5]), key=jax.random.key(2)))
        ```
    """

    encoder: AbstractContextEncoder
    initial: eqx.nn.Linear
    prior_initial: Posterior
    posterior_drift: AbstractContextDrift
    prior_drift: Callable[[Array], Array]
    diffusion: Callable[[Array], Array]
    decoder: Callable[[Array], Array]
    likelihood: AbstractLikelihood
    solver: AbstractSolver
    adjoint: AbstractAdjoint
    time: bool = eqx.field(static=True)
    substeps: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        latent_size: int = 4,
        hidden_size: int = 64,
        *,
        context_size: int = 32,
        width: int = 64,
        depth: int = 2,
        time: bool = False,
        encoder: AbstractContextEncoder | None = None,
        posterior_drift: AbstractContextDrift | None = None,
        prior_drift: Callable[[Array], Array] | None = None,
        diffusion: Callable[[Array], Array] | None = None,
        decoder: Callable[[Array], Array] | None = None,
        likelihood: AbstractLikelihood | None = None,
        substeps: int = 2,
        solver: AbstractSolver = Euler(),
        adjoint: AbstractAdjoint = RecursiveCheckpointAdjoint(),
        key: PRNGKeyArray,
    ) -> None:
        for name, value in {"substeps": substeps, "depth": depth}.items():
            if value < 1:
                raise ValueError(f"Got {name}={value}; at least 1 is wanted.")
        keys, seen = jax.random.split(key, 6), latent_size + time
        self.encoder = encoder or GRUContext(input_size, context_size, hidden_size, key=keys[0])
        context_size = self.encoder.context_size
        self.initial = eqx.nn.Linear(context_size, 2 * latent_size, key=keys[1])
        self.prior_initial = Posterior(jnp.zeros(latent_size), jnp.zeros(latent_size))
        self.posterior_drift = posterior_drift or ContextDrift(
            seen, context_size, latent_size, width, depth, key=keys[2]
        )
        self.prior_drift = prior_drift or eqx.nn.MLP(seen, latent_size, width, depth, softplus, key=keys[3])
        self.diffusion = diffusion or ComponentDiffusion(latent_size, width, key=keys[4])
        self.decoder = decoder or eqx.nn.Linear(latent_size, input_size, key=keys[5])
        self.likelihood = likelihood or GaussianLikelihood(input_size)
        self.solver, self.adjoint = solver, adjoint
        self.time, self.substeps = time, substeps

    @compiled(static=("substeps",), solves=True)
    def sample(
        self, ts: Float[Array, " time"], *, key: PRNGKeyArray, errors: bool = True, substeps: int | None = None
    ) -> Float[Array, "time channels"]:
        """A series as the prior has it.

        Args:
            ts: Times, increasing; the law of the first state is that at the first of them.
            key: For all that is random.
            errors: Whether channels come with the errors of the likelihood.
            substeps: Into how many steps a gap is divided; by default as the model says. Where times are further apart
                than those that the model was trained at, take more.
        """
        first, path, error = jax.random.split(key, 3)
        z0 = self.prior_initial.sample(first)
        states, _ = self._path(z0[None], Gaps.between(ts[None]), path, substeps)
        return self._channels(states[0], error if errors else None)

    @compiled(static=("substeps",), solves=True)
    def posterior(
        self,
        ts: Float[Array, " time"],
        ys: Float[Array, "time channels"],
        length: Int[Array, ""] | int,
        wanted: Float[Array, " wanted"],
        *,
        key: PRNGKeyArray,
        errors: bool = False,
        substeps: int | None = None,
    ) -> Float[Array, "wanted channels"]:
        """A path through a series: between its rows, at them, or after them.

        Args:
            ts: Times, increasing.
            ys: Normalized channels; `nan` where nothing was observed.
            length: How many rows are read.
            wanted: Times that do not go back, none before the first row.
            key: For all that is random.
            errors: Whether channels come with the errors of the likelihood.
            substeps: As in `sample`.
        """
        first, path, error = jax.random.split(key, 3)
        ts = Rows.of(ts, ys, length).ts
        contexts = self.encoder(ts, ys, length)
        times = jnp.sort(jnp.concatenate([ts, jnp.maximum(wanted, ts[0])]))
        # What the next row on has to tell.
        row = jnp.searchsorted(ts, times[1:], side="left")
        seen = self._seen(contexts)[jnp.minimum(row, len(ts) - 1)]
        gaps = Gaps.between(times[None], seen[None], (row < len(ts))[None])
        states, _ = self._path(self._initial(contexts).sample(first)[None], gaps, path, substeps)
        return self._channels(states[0, jnp.searchsorted(times, wanted, side="left")], error if errors else None)

    @compiled(solves=True)
    def bound(
        self,
        ts: Float[Array, " time"],
        ys: Float[Array, "time channels"],
        length: Int[Array, ""] | int,
        key: PRNGKeyArray,
    ) -> Bound:
        """A sample of the evidence lower bound of one series, in its parts.

        Args:
            ts: Times, increasing.
            ys: Normalized channels; `nan` where nothing was observed.
            length: How many rows are the series' own.
            key: For a path of the posterior.
        """
        bounds = self.bounds(ts[None], ys[None], jnp.asarray(length)[None], key)
        return jax.tree.map(lambda part: part[0], bounds)

    @compiled(solves=True)
    def bounds(
        self,
        ts: Float[Array, "series time"],
        ys: Float[Array, "series time channels"],
        lengths: Int[Array, " series"],
        key: PRNGKeyArray,
    ) -> Bound:
        """The same of some series at once, each part with an axis of series: several times faster than a `vmap`.

        Args:
            ts: Times, increasing.
            ys: Normalized channels; `nan` where nothing was observed.
            lengths: How many rows are the series' own.
            key: For paths of the posteriors.
        """
        first, path = jax.random.split(key)
        rows = jax.vmap(Rows.of)(ts, ys, lengths)
        contexts = jax.vmap(self.encoder)(ts, ys, lengths)
        initial = jax.vmap(self._initial)(contexts)
        gaps = Gaps.between(rows.ts, jax.vmap(self._seen)(contexts[:, 1:]))
        states, divergences = self._path(initial.sample(first), gaps, path, None)
        means = jax.vmap(jax.vmap(self.decoder))(states)
        densities = jnp.where(rows.observed, self.likelihood.log_density(means, rows.values), 0.0)
        return Bound(
            log_likelihood=jnp.sum(densities, axis=(1, 2)),
            kl_path=divergences,
            kl_initial=jax.vmap(lambda each: each.divergence(self.prior_initial))(initial),
        )

    def _initial(self, contexts: Float[Array, "time context"]) -> Posterior:
        mean, log_variance = jnp.split(self.initial(contexts[0]), 2)
        return Posterior(mean, log_variance)

    def _seen(self, contexts: Float[Array, "rows context"]) -> Float[Array, "rows width"]:
        return jax.vmap(self.posterior_drift.seen)(contexts)

    def _channels(
        self, states: Float[Array, "times state"], key: PRNGKeyArray | None
    ) -> Float[Array, "times channels"]:
        means = jax.vmap(self.decoder)(states)
        return means if key is None else self.likelihood.sample(means, key)

    def _path(
        self, z0: Float[Array, "series state"], gaps: Gaps, key: PRNGKeyArray, substeps: int | None
    ) -> tuple[Float[Array, "series times state"], Float[Array, " series"]]:
        """The states at the ends of gaps, and the divergence of each whole path from the prior's."""
        equation = Equation(self.posterior_drift, self.prior_drift, self.diffusion, self.time)

        # A key for each number, not `split`: more gaps, of padding, change nothing of those before them.
        keys = jax.vmap(lambda number: jax.random.fold_in(key, number))(jnp.arange(len(gaps.starts)))

        def over(states: States, each: tuple[Gaps, PRNGKeyArray]) -> tuple[States, Array]:
            states = equation.over(states, *each, self.solver, self.adjoint, substeps or self.substeps)
            return states, states[0]

        (_, divergences), states = jax.lax.scan(over, (z0, jnp.zeros(len(z0), z0.dtype)), (gaps, keys))
        return jnp.concatenate([z0[:, None], jnp.moveaxis(states, 0, 1)], axis=1), divergences
