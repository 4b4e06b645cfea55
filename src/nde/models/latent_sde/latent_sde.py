"""Latent SDEs, whose paths are inferred from a series."""

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
from nde.models.latent_sde.elbo_terms import ELBOTerms
from nde.models.latent_sde.equation import Equation, Gaps, States
from nde.models.latent_sde.likelihood import AbstractLikelihood, GaussianLikelihood
from nde.models.recurrent.rows import Rows
from nde.nn import softplus
from nde.solvers import AbstractSolver, Euler


class LatentSDE(eqx.Module):
    """A latent SDE: a series as noisy observations of a state that follows an SDE.

    The initial state has a learned normal distribution, and the state follows the prior SDE `dz = h(z) dt + g(z) dW`.
    Each row is a function of the state plus an observation error. Given a series, the state follows the posterior SDE
    `dz = f(z, c) dt + g(z) dW`, whose drift depends on a context `c`: an encoder reads the rows from last to first, and
    between two rows `c` is what it has read down to the later one. Both SDEs have the same diffusion, so the KL
    divergence between their paths is finite (see `nde.with_logqp`). After the last row the posterior follows the drift
    of the prior.

    The model takes a single series, with normalized channels and times of order one. The gap between two times is
    solved in `substeps` equal steps, in a time from 0 to 1, so `jax.vmap` handles batches of series with different
    times. With a Stratonovich solver (`nde.Heun()`, `nde.ReversibleHeun()`) the SDEs are Stratonovich SDEs.

    Args:
        input_size: Number of channels.
        latent_size: Size of the state.
        hidden_size: Size of the encoder's state.
        context_size: Size of a context.
        width: Width of the hidden layers of drifts and diffusion.
        depth: Number of hidden layers of the drifts.
        time: Whether drifts depend on time, as the first entry of their input.
        encoder: The encoder, by default a `GRUContext`.
        posterior_drift: The drift `f`, by default a `ContextDrift`.
        prior_drift: The drift `h`, by default a softplus MLP.
        diffusion: A function from a state to the diffusion of each component, which is positive; by default a
            `ComponentDiffusion`.
        decoder: A function from a state to channels, by default an affine map. An `equinox.nn.MLP` also works.
        likelihood: The distribution of observation errors, by default a `GaussianLikelihood` with a learned scale.
        substeps: Number of steps per gap.
        solver: The solver.
        adjoint: How gradients are computed through the solve.
        key: A key of `jax.random` for the weights.

    Attributes:
        encoder: The encoder.
        initial: The map from the first row's context to the mean and log-variance of the initial state.
        prior_initial: The prior distribution of the initial state.
        posterior_drift: The drift `f`.
        prior_drift: The drift `h`.
        diffusion: The diffusion `g`.
        decoder: The map from a state to channels.
        likelihood: The distribution of observation errors.

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
                raise ValueError(f"{name} must be at least 1; got {value}.")
        keys, drift_size = jax.random.split(key, 6), latent_size + time
        self.encoder = encoder or GRUContext(input_size, context_size, hidden_size, key=keys[0])
        context_size = self.encoder.context_size
        self.initial = eqx.nn.Linear(context_size, 2 * latent_size, key=keys[1])
        self.prior_initial = Posterior(jnp.zeros(latent_size), jnp.zeros(latent_size))
        self.posterior_drift = posterior_drift or ContextDrift(
            drift_size, context_size, latent_size, width, depth, key=keys[2]
        )
        self.prior_drift = prior_drift or eqx.nn.MLP(drift_size, latent_size, width, depth, softplus, key=keys[3])
        self.diffusion = diffusion or ComponentDiffusion(latent_size, width, key=keys[4])
        self.decoder = decoder or eqx.nn.Linear(latent_size, input_size, key=keys[5])
        self.likelihood = likelihood or GaussianLikelihood(input_size)
        self.solver, self.adjoint = solver, adjoint
        self.time, self.substeps = time, substeps

    @compiled(static=("substeps",), solves=True)
    def sample(
        self, ts: Float[Array, " time"], *, key: PRNGKeyArray, errors: bool = True, substeps: int | None = None
    ) -> Float[Array, "time channels"]:
        """Sample a series from the prior.

        Args:
            ts: Increasing times; the initial state is that at the first.
            key: A key of `jax.random`.
            errors: Whether to add observation errors.
            substeps: Number of steps per gap, by default that of the model. Take more if times are further apart than
                in training.
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
        ts_new: Float[Array, " times"],
        *,
        key: PRNGKeyArray,
        errors: bool = False,
        substeps: int | None = None,
    ) -> Float[Array, "times channels"]:
        """Sample a path through a series: between its rows, at them, or after them.

        Args:
            ts: Increasing times.
            ys: Normalized channels, with `nan` for missing values.
            length: The number of rows to read.
            ts_new: Non-decreasing times of the output, none before the first row.
            key: A key of `jax.random`.
            errors: Whether to add observation errors.
            substeps: As in `sample`.
        """
        first, path, error = jax.random.split(key, 3)
        ts = Rows.of(ts, ys, length).ts
        contexts = self.encoder(ts, ys, length)
        times = jnp.sort(jnp.concatenate([ts, jnp.maximum(ts_new, ts[0])]))
        # The context of each gap is that of the next row.
        row = jnp.searchsorted(ts, times[1:], side="left")
        embeddings = self._embed(contexts)[jnp.minimum(row, len(ts) - 1)]
        gaps = Gaps.between(times[None], embeddings[None], (row < len(ts))[None])
        states, _ = self._path(self._initial(contexts).sample(first)[None], gaps, path, substeps)
        return self._channels(states[0, jnp.searchsorted(times, ts_new, side="left")], error if errors else None)

    @compiled(solves=True)
    def bound(
        self,
        ts: Float[Array, " time"],
        ys: Float[Array, "time channels"],
        length: Int[Array, ""] | int,
        key: PRNGKeyArray,
    ) -> ELBOTerms:
        """Sample the evidence lower bound of a series, and return its terms.

        Args:
            ts: Increasing times.
            ys: Normalized channels, with `nan` for missing values.
            length: The number of rows of the series, without padding.
            key: A key of `jax.random` for a path of the posterior.
        """
        terms = self.bounds(ts[None], ys[None], jnp.asarray(length)[None], key)
        return jax.tree.map(lambda term: term[0], terms)

    @compiled(solves=True)
    def bounds(
        self,
        ts: Float[Array, "series time"],
        ys: Float[Array, "series time channels"],
        lengths: Int[Array, " series"],
        key: PRNGKeyArray,
    ) -> ELBOTerms:
        """Sample the evidence lower bounds of many series in one solve, several times faster than `jax.vmap`.

        Args:
            ts: Increasing times.
            ys: Normalized channels, with `nan` for missing values.
            lengths: The number of rows of each series, without padding.
            key: A key of `jax.random` for paths of the posteriors.

        Returns:
            The terms, each with a leading axis of series.
        """
        first, path = jax.random.split(key)
        rows = jax.vmap(Rows.of)(ts, ys, lengths)
        contexts = jax.vmap(self.encoder)(ts, ys, lengths)
        initial = jax.vmap(self._initial)(contexts)
        gaps = Gaps.between(rows.ts, jax.vmap(self._embed)(contexts[:, 1:]))
        states, divergences = self._path(initial.sample(first), gaps, path, None)
        means = jax.vmap(jax.vmap(self.decoder))(states)
        densities = jnp.where(rows.observed, self.likelihood.log_density(means, rows.values), 0.0)
        return ELBOTerms(
            log_likelihood=jnp.sum(densities, axis=(1, 2)),
            kl_path=divergences,
            kl_initial=jax.vmap(lambda each: each.divergence(self.prior_initial))(initial),
        )

    def _initial(self, contexts: Float[Array, "time context"]) -> Posterior:
        mean, log_variance = jnp.split(self.initial(contexts[0]), 2)
        return Posterior(mean, log_variance)

    def _embed(self, contexts: Float[Array, "rows context"]) -> Float[Array, "rows width"]:
        return jax.vmap(self.posterior_drift.embed)(contexts)

    def _channels(
        self, states: Float[Array, "times state"], key: PRNGKeyArray | None
    ) -> Float[Array, "times channels"]:
        means = jax.vmap(self.decoder)(states)
        return means if key is None else self.likelihood.sample(means, key)

    def _path(
        self, z0: Float[Array, "series state"], gaps: Gaps, key: PRNGKeyArray, substeps: int | None
    ) -> tuple[Float[Array, "series times state"], Float[Array, " series"]]:
        """Return the states at the ends of gaps, and the KL divergence of each path from the prior."""
        equation = Equation(self.posterior_drift, self.prior_drift, self.diffusion, self.time)

        # `fold_in` rather than `split`: additional gaps, such as padding, do not change the keys of those before them.
        keys = jax.vmap(lambda number: jax.random.fold_in(key, number))(jnp.arange(len(gaps.starts)))

        def solve_gap(states: States, each: tuple[Gaps, PRNGKeyArray]) -> tuple[States, Array]:
            states = equation.solve_gap(states, *each, self.solver, self.adjoint, substeps or self.substeps)
            return states, states[0]

        (_, divergences), states = jax.lax.scan(solve_gap, (z0, jnp.zeros(len(z0), z0.dtype)), (gaps, keys))
        return jnp.concatenate([z0[:, None], jnp.moveaxis(states, 0, 1)], axis=1), divergences
