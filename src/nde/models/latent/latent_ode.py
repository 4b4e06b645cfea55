"""A differential equation whose first state is inferred from a series."""

import math

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

_FIRST_NOISE, _LEAST_NOISE = 0.1, 1e-3
_INCOHERENCE = 0.1
"""How far a state may be from the one that is inferred of what comes after it, as a standard deviation."""
_LEAST_REST = 4
"""Rows of which that one is inferred, at least."""
_MAX_STEPS = 1024


class LatentODE(eqx.Module):
    """A series as noisy observations of a state that follows a differential equation.

    An encoder reads the rows from the last to the first and tells a normal distribution of a latent `z`, of which a
    network makes the state `y` at the first row; then `dy/dt = f(y)`, and each row is a linear function of `y` plus
    normal noise. So it fills gaps, and goes on after the last row.

    That a state continues well beyond the data is not in the evidence lower bound: the network may describe an
    oscillation of which it sees one half by states that it never meets again. So `loss` also asks for coherence: the
    state at a random row shall be near the one that is inferred from the rows from there on.

    A solve runs in a time scaled from 0 at the first row to 1 at the last wanted, so that a batch of series with
    different times is `vmap` and nothing more. The model is written for one series, with normalized channels and times
    of the order of one.

    Args:
        input_size: Number of channels.
        latent_size: Length of `z`.
        hidden_size: Length of the encoder's state.
        state_size: Length of `y`.
        width: Width of the hidden layers of both networks.
        depth: Number of those of the vector field.
        encoder: What reads the rows; by default `GRUEncoder`.
        noise: The standard deviation of the noise, if it is known; by default it is learned for each channel.
        solver: The method.
        stepsize_controller: How steps are chosen, in scaled time: `StepTo(jnp.linspace(0, 1, 21))` makes 20 of them.
        adjoint: How solves are differentiated.
        key: Of `jax.random`, for the weights.

    Attributes:
        encoder: What reads the rows.
        posterior: From the encoder's state to the mean and the logarithm of the variance of `z`.
        lift: From `z` to `y`.
        field: The vector field.
        decoder: From `y` to the channels.
        log_noise: The logarithm of the noise of each channel.
        learns_noise: Whether it is learned.

    Source: Chen, Rubanova, Bettencourt and Duvenaud, *Neural ordinary differential equations* (2018), section 5,
    doi:10.48550/arXiv.1806.07366; Rubanova, Chen and Duvenaud, *Latent ODEs for irregularly-sampled time series*
    (2019), doi:10.48550/arXiv.1907.03907. The linear part of the field and the coherence are our own.

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
        solver: AbstractSolver = Tsit5(),
        stepsize_controller: AbstractStepSizeController = PIDController(rtol=1e-3, atol=1e-4),
        adjoint: AbstractAdjoint = RecursiveCheckpointAdjoint(),
        key: PRNGKeyArray,
    ) -> None:
        if noise is not None and not noise > 0:
            raise ValueError(f"Got noise={noise}; a positive standard deviation is wanted, or None to learn it.")
        keys = jax.random.split(key, 5)
        self.encoder = GRUEncoder(input_size, hidden_size, key=keys[0]) if encoder is None else encoder
        self.posterior = eqx.nn.Linear(self.encoder.hidden_size, 2 * latent_size, key=keys[1])
        self.lift = eqx.nn.MLP(latent_size, state_size, width, 1, jax.nn.softplus, key=keys[2])
        self.field = DampedField(state_size, width, depth, key=keys[3])
        self.decoder = eqx.nn.Linear(state_size, input_size, key=keys[4])
        self.log_noise = jnp.full(input_size, math.log(_FIRST_NOISE if noise is None else noise))
        self.solver, self.stepsize_controller, self.adjoint = solver, stepsize_controller, adjoint
        self.learns_noise = noise is None

    @compiled(solves=True)
    def encode(
        self, ts: Float[Array, " time"], ys: Float[Array, "time channels"], length: Int[Array, ""] | int
    ) -> Posterior:
        """What the first `length` rows tell of `z`.

        Args:
            ts: Times, increasing.
            ys: Normalized channels; `nan` where nothing was observed.
            length: How many rows are read.
        """
        mean, log_variance = jnp.split(self.posterior(self.encoder(ts, ys, length)), 2)
        return Posterior(mean, log_variance)

    @compiled(solves=True)
    def states(
        self, z: Float[Array, " latent"], t0: RealScalar, ts: Float[Array, " times"]
    ) -> Float[Array, "times state"]:
        """The states at times.

        Args:
            z: The latent of the first row.
            t0: The time of the first row.
            ts: Times that do not go back, none before `t0`.
        """
        span = jnp.where(ts[-1] > t0, ts[-1] - t0, 1.0)

        def slope(s: Array, y: Array, args: tuple[DampedField, Array]) -> Array:
            del s
            field, span = args
            return span * field(y)

        return diffeqsolve(
            ODETerm(slope),
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
        """Channels, without noise, at other times: between the rows, or after them.

        Args:
            ts: Times, increasing.
            ys: Normalized channels; `nan` where nothing was observed.
            length: How many rows are read.
            ts_new: Times that do not go back, none before the first row.
            key: For a draw of `z`; without one it is the mean.
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
        """Channels, without noise, at the times of the rows; in the padding those of the last."""
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
        """The evidence lower bound: the log density of what was observed, less the divergence from the prior.

        Args:
            ts: Times, increasing.
            ys: Normalized channels; `nan` where nothing was observed.
            length: How many rows are the series' own.
            key: For a draw of `z`.
            seen: How many rows the encoder reads; all by default. The others are predicted.
            weight: Of the divergence; rises from 0 to 1 while training, if it is annealed.
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
        """What is minimized: the negative `elbo` and the incoherence of states, from the same arguments."""
        draw, pick = jax.random.split(key)
        bound, states = self._bound(ts, ys, length, draw, seen, weight)
        row = jax.random.randint(pick, (), 0, jnp.maximum(1, length - _LEAST_REST))
        rest = self.encode(jnp.roll(ts, -row), jnp.roll(ys, -row, axis=0), length - row)
        apart = states[row] - self.lift(rest.mean)
        return 0.5 * jnp.sum((apart / _INCOHERENCE) ** 2) - bound

    def _bound(
        self, ts: Array, ys: Array, length: Array | int, key: PRNGKeyArray, seen: Array | int | None, weight: RealScalar
    ) -> tuple[Float[Array, ""], Float[Array, "time state"]]:
        """The bound, and the states at the rows."""
        rows = Rows.of(ts, ys, length)
        posterior = self.encode(ts, ys, length if seen is None else seen)
        states = self.states(posterior.sample(key), ts[0], rows.ts)
        log_noise = jnp.maximum(self.log_noise, math.log(_LEAST_NOISE))
        log_noise = (log_noise if self.learns_noise else jax.lax.stop_gradient(self.log_noise))[None]
        errors = (rows.values - jax.vmap(self.decoder)(states)) * jnp.exp(-log_noise)
        densities = -0.5 * errors**2 - log_noise - 0.5 * math.log(2 * math.pi)
        return jnp.sum(jnp.where(rows.observed, densities, 0.0)) - weight * posterior.divergence(), states
