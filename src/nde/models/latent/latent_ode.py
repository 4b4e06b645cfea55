"""Latent ODEs, whose initial state is inferred from a series."""

import math
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from nde.core.compiled import compiled
from nde.core.types import RealScalar
from nde.gradients import AbstractAdjoint, RecursiveCheckpointAdjoint
from nde.models.latent.encoder import AbstractEncoder, GRUEncoder
from nde.models.latent.field import DampedField
from nde.models.latent.posterior import Posterior
from nde.models.recurrent.rows import Rows
from nde.solve import SaveAt, diffeqsolve
from nde.solvers import AbstractSolver, Tsit5
from nde.stepping import AbstractStepSizeController, PIDController
from nde.terms import ODETerm

_INITIAL_NOISE, _MIN_NOISE = 0.1, 1e-3
_INCOHERENCE = 0.1
"""The standard deviation of a state from the one inferred from the rows after it."""
_MIN_ROWS = 4
"""The minimum number of rows to infer it from."""
_MAX_STEPS = 1024


class LatentODE(eqx.Module):
    """A latent ODE: a series as noisy observations of a state that follows an ODE.

    An encoder reads the rows from last to first and returns a normal distribution of a latent variable `z`. A network
    maps `z` to the state `y` at the first row. Then `dy/dt = f(y)`, and each row is a linear function of `y` plus
    normal noise. The model can fill in missing values and extrapolate beyond the last row.

    The evidence lower bound (ELBO) does not ask for good extrapolation: a model that sees half of an oscillation may
    describe it by states that it never visits again. Therefore `loss` adds a coherence term: the state at a random row
    should be close to the one inferred from the remaining rows.

    Time is scaled from 0 at the first row to 1 at the last output, so `jax.vmap` handles batches of series with
    different times. The model takes a single series, with normalized channels and times of order one.

    Args:
        input_size: Number of channels.
        latent_size: Size of `z`.
        hidden_size: Size of the encoder's state.
        state_size: Size of `y`.
        width: Width of the hidden layers of both networks.
        depth: Number of hidden layers of the vector field.
        encoder: The encoder, by default a `GRUEncoder`.
        noise: The standard deviation of the observation noise, if known; by default it is learned for each channel.
        frequencies: Turns per unit time by which pairs of states rotate at first; by default random, up to about one.
            Training moves frequencies only a little, so they should include those of the data.
        solver: The solver.
        stepsize_controller: The step size controller, in scaled time: `StepTo(jnp.linspace(0, 1, 21))` makes 20 steps.
        adjoint: How gradients are computed through the solve.
        key: A key of `jax.random` for the weights.

    Attributes:
        encoder: The encoder.
        posterior: The map from the encoder's state to the mean and log-variance of `z`.
        lift: The map from `z` to `y`.
        field: The vector field.
        decoder: The map from `y` to the channels.
        log_noise: The logarithm of the observation noise of each channel.
        learns_noise: Whether the noise is learned.

    Source: Chen, Rubanova, Bettencourt and Duvenaud, *Neural ordinary differential equations* (2018), section 5,
    doi:10.48550/arXiv.1806.07366; Rubanova, Chen and Duvenaud, *Latent ODEs for irregularly-sampled time series*
    (2019), doi:10.48550/arXiv.1907.03907. The linear part of the vector field and the coherence term are our own.

    Example:
        ```python
        import jax, jax.numpy as jnp
        import nde
        from nde.data import pad
        from nde.models import LatentODE

        batch = pad(nde.TimeSeries.from_arrays([[1.0, float("nan"), 0.5], [0.3, 0.2]], [[0.0, 0.2, 1.0], [0.0, 0.7]]))
        model = LatentODE(input_size=1, key=jax.random.key(0))
        later = jnp.array([[1.5, 2.0], [1.5, 2.0]])
        print(jax.vmap(model.predict)(batch.ts, batch.ys, batch.lengths, later).shape)
        ```
    """

    encoder: AbstractEncoder
    posterior: eqx.nn.Linear
    lift: eqx.nn.MLP
    field: DampedField
    decoder: eqx.nn.Linear
    log_noise: Float[Array, " channels"]
    solver: AbstractSolver
    stepsize_controller: AbstractStepSizeController
    adjoint: AbstractAdjoint
    learns_noise: bool = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        latent_size: int = 8,
        hidden_size: int = 32,
        *,
        state_size: int = 16,
        width: int = 16,
        depth: int = 2,
        encoder: AbstractEncoder | None = None,
        noise: float | None = None,
        frequencies: Sequence[float] = (),
        solver: AbstractSolver = Tsit5(),
        stepsize_controller: AbstractStepSizeController = PIDController(rtol=1e-3, atol=1e-4),
        adjoint: AbstractAdjoint = RecursiveCheckpointAdjoint(),
        key: PRNGKeyArray,
    ) -> None:
        if noise is not None and not noise > 0:
            raise ValueError(f"noise must be a positive standard deviation, or None to learn it; got {noise}.")
        keys = jax.random.split(key, 5)
        self.encoder = GRUEncoder(input_size, hidden_size, key=keys[0]) if encoder is None else encoder
        self.posterior = eqx.nn.Linear(self.encoder.hidden_size, 2 * latent_size, key=keys[1])
        self.lift = eqx.nn.MLP(latent_size, state_size, width, 1, jax.nn.softplus, key=keys[2])
        self.field = DampedField(state_size, width, depth, frequencies=frequencies, key=keys[3])
        self.decoder = eqx.nn.Linear(state_size, input_size, key=keys[4])
        self.log_noise = jnp.full(input_size, math.log(_INITIAL_NOISE if noise is None else noise), float)
        self.solver, self.stepsize_controller, self.adjoint = solver, stepsize_controller, adjoint
        self.learns_noise = noise is None

    @compiled(solves=True)
    def encode(
        self, ts: Float[Array, " time"], ys: Float[Array, "time channels"], length: Int[Array, ""] | int
    ) -> Posterior:
        """Infer the distribution of `z` from the first `length` rows.

        Args:
            ts: Increasing times.
            ys: Normalized channels, with `nan` for missing values.
            length: The number of rows to read.
        """
        mean, log_variance = jnp.split(self.posterior(self.encoder(ts, ys, length)), 2)
        return Posterior(mean, log_variance)

    @compiled(solves=True)
    def states(
        self, z: Float[Array, " latent"], t0: RealScalar, ts: Float[Array, " times"]
    ) -> Float[Array, "times state"]:
        """Solve for the states at given times.

        Args:
            z: The latent variable.
            t0: The time of the first row.
            ts: Non-decreasing times, none before `t0`.
        """
        span = jnp.where(ts[-1] > t0, ts[-1] - t0, 1.0)

        def vector_field(s: Array, y: Array, args: tuple[DampedField, Array]) -> Array:
            del s
            field, span = args
            return span * field(y)

        return diffeqsolve(
            ODETerm(vector_field),
            self.solver,
            0.0,
            1.0,
            None,
            self.lift(z),
            (self.field, span),
            saveat=SaveAt(ts=jnp.clip((ts - t0) / span, 0.0, 1.0)),
            stepsize_controller=self.stepsize_controller,
            adjoint=self.adjoint,
            max_steps=_MAX_STEPS,
        ).ys

    @compiled(solves=True)
    def predict(
        self,
        ts: Float[Array, " time"],
        ys: Float[Array, "time channels"],
        length: Int[Array, ""] | int,
        ts_new: Float[Array, " times"],
        key: PRNGKeyArray | None = None,
    ) -> Float[Array, "times channels"]:
        """Predict the channels, without noise, at other times: between the rows or after them.

        Args:
            ts: Increasing times.
            ys: Normalized channels, with `nan` for missing values.
            length: The number of rows to read.
            ts_new: Non-decreasing times, none before the first row.
            key: A key of `jax.random` to sample `z`; without one, `z` is its mean.
        """
        z = self.encode(ts, ys, length).sample(key)
        return jax.vmap(self.decoder)(self.states(z, ts[0], ts_new))

    @compiled(solves=True)
    def reconstruct(
        self,
        ts: Float[Array, " time"],
        ys: Float[Array, "time channels"],
        length: Int[Array, ""] | int,
        key: PRNGKeyArray | None = None,
    ) -> Float[Array, "time channels"]:
        """Predict the channels, without noise, at the times of the rows; the padding repeats the last row."""
        return self.predict(ts, ys, length, Rows.of(ts, ys, length).ts, key)

    @compiled(solves=True)
    def elbo(
        self,
        ts: Float[Array, " time"],
        ys: Float[Array, "time channels"],
        length: Int[Array, ""] | int,
        key: PRNGKeyArray,
        *,
        seen: Int[Array, ""] | int | None = None,
        weight: RealScalar = 1.0,
    ) -> Float[Array, ""]:
        """Compute the evidence lower bound: the log-likelihood minus the KL divergence from the prior.

        Args:
            ts: Increasing times.
            ys: Normalized channels, with `nan` for missing values.
            length: The number of rows of the series, without padding.
            key: A key of `jax.random` to sample `z`.
            seen: The number of rows that the encoder reads; by default all. The others are predicted.
            weight: The weight of the KL divergence; anneal it from 0 to 1 during training if needed.
        """
        return self._bound(ts, ys, length, key, seen, weight)[0]

    @compiled(solves=True)
    def loss(
        self,
        ts: Float[Array, " time"],
        ys: Float[Array, "time channels"],
        length: Int[Array, ""] | int,
        key: PRNGKeyArray,
        *,
        seen: Int[Array, ""] | int | None = None,
        weight: RealScalar = 1.0,
    ) -> Float[Array, ""]:
        """Compute the training loss: the negative `elbo` plus the coherence term. Arguments as in `elbo`."""
        sample_key, row_key = jax.random.split(key)
        bound, states = self._bound(ts, ys, length, sample_key, seen, weight)
        row = jax.random.randint(row_key, (), 0, jnp.maximum(1, length - _MIN_ROWS))
        rest = self.encode(jnp.roll(ts, -row), jnp.roll(ys, -row, axis=0), length - row)
        difference = states[row] - self.lift(rest.mean)
        return 0.5 * jnp.sum((difference / _INCOHERENCE) ** 2) - bound

    def _bound(
        self, ts: Array, ys: Array, length: Array | int, key: PRNGKeyArray, seen: Array | int | None, weight: RealScalar
    ) -> tuple[Float[Array, ""], Float[Array, "time state"]]:
        """Return the ELBO, and the states at the rows."""
        rows = Rows.of(ts, ys, length)
        posterior = self.encode(ts, ys, length if seen is None else seen)
        states = self.states(posterior.sample(key), ts[0], rows.ts)
        log_noise = jnp.maximum(self.log_noise, math.log(_MIN_NOISE))
        log_noise = (log_noise if self.learns_noise else jax.lax.stop_gradient(self.log_noise))[None]
        errors = (rows.values - jax.vmap(self.decoder)(states)) * jnp.exp(-log_noise)
        densities = -0.5 * errors**2 - log_noise - 0.5 * math.log(2 * math.pi)
        return jnp.sum(jnp.where(rows.observed, densities, 0.0)) - weight * posterior.divergence(), states
