"""A neural SDE that generates time series."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, PRNGKeyArray

from nde.core.compiled import compiled
from nde.gradients import AbstractAdjoint, RecursiveCheckpointAdjoint
from nde.models.adversarial.batched_solve import solve_batch
from nde.nn import MatrixMLP, VectorFieldMLP, lipswish
from nde.nn.precision import precise_as
from nde.solve import SaveAt
from nde.solvers import AbstractSolver, ReversibleHeun


class NeuralSDEGenerator(eqx.Module):
    """A neural SDE as a distribution of time series, the generator of an `SDEGAN`.

    The state is `X(t0) = initial(V)` for normal `V`, `dX = drift(t, X) dt + diffusion(t, X) o dW`, and a row is
    `readout(X)`, an affine map. The SDE is a Stratonovich SDE with general noise: each component of the Brownian motion
    can affect the whole state.

    The model generates a single series. For many, `samples` uses one solve and is faster than `jax.vmap`. Times should
    be of order one; `nde.data.Normalization` with `times=True` scales them.

    Args:
        output_size: Number of channels.
        hidden_size: Size of the state.
        noise_size: Number of components of the Brownian motion.
        initial_noise_size: Number of normal variables that determine the initial state.
        width: Width of the hidden layers of all networks.
        depth: Number of their hidden layers.
        scale: Initial scale of the drift, see `nde.nn.VectorFieldMLP`.
        steps: Number of equal steps from each time to the next.
        solver: The solver, a Stratonovich method that uses only increments of the noise.
        adjoint: How gradients are computed through the solve.
        key: A key of `jax.random` for the weights.

    Attributes:
        initial: The map from normal variables to the initial state.
        drift: The map from time and state to the drift, bounded by `tanh` times a scale.
        diffusion: The map from time and state to a matrix, bounded by `tanh`.
        readout: The map from the state to the channels.
        initial_noise_size: Number of normal variables that determine the initial state.
        noise_size: Number of components of the Brownian motion.
        steps: Number of steps from each time to the next.

    Source: Kidger, Foster, Li, Oberhauser and Lyons, *Neural SDEs as infinite-dimensional GANs* (2021),
    doi:10.48550/arXiv.2102.03657.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        from nde.models import NeuralSDEGenerator

        generator = NeuralSDEGenerator(output_size=2, key=jax.random.key(0))
        ts = jnp.linspace(0.0, 1.0, 9)
        print(generator.sample(ts, key=jax.random.key(1)).shape)
        print(generator.samples(jnp.stack([ts, 2 * ts]), jax.random.split(jax.random.key(2))).shape)
        ```
    """

    initial: eqx.nn.MLP
    drift: VectorFieldMLP
    diffusion: MatrixMLP
    readout: eqx.nn.Linear
    initial_noise_size: int = eqx.field(static=True)
    noise_size: int = eqx.field(static=True)
    steps: int = eqx.field(static=True)
    solver: AbstractSolver
    adjoint: AbstractAdjoint

    def __init__(
        self,
        output_size: int,
        hidden_size: int = 32,
        *,
        noise_size: int = 10,
        initial_noise_size: int = 5,
        width: int = 16,
        depth: int = 1,
        scale: float = 1.0,
        steps: int = 1,
        solver: AbstractSolver = ReversibleHeun(),
        adjoint: AbstractAdjoint = RecursiveCheckpointAdjoint(),
        key: PRNGKeyArray,
    ) -> None:
        if steps < 1:
            raise ValueError(f"steps must be at least 1 from each time to the next; got {steps}.")
        keys = jax.random.split(key, 4)
        self.initial = eqx.nn.MLP(initial_noise_size, hidden_size, width, depth, lipswish, key=keys[0])
        self.drift = VectorFieldMLP(hidden_size, width, depth, time=True, scale=scale, activation=lipswish, key=keys[1])
        self.diffusion = MatrixMLP(hidden_size, noise_size, width, depth, time=True, activation=lipswish, key=keys[2])
        self.readout = eqx.nn.Linear(hidden_size, output_size, key=keys[3])
        self.initial_noise_size, self.noise_size, self.steps = initial_noise_size, noise_size, steps
        self.solver, self.adjoint = solver, adjoint

    @compiled(solves=True)
    def sample(self, ts: Float[Array, " time"], *, key: PRNGKeyArray) -> Float[Array, "time channels"]:
        """Generate a series.

        Args:
            ts: Increasing times; the series starts at the first.
            key: A key of `jax.random`.
        """
        return self.samples(ts[None], key[None])[0]

    @compiled(solves=True)
    def samples(
        self, ts: Float[Array, "series time"], keys: Key[Array, " series"]
    ) -> Float[Array, "series time channels"]:
        """Generate many series in one solve, each with its own times and key.

        Args:
            ts: Increasing times, with a row for each series.
            keys: Keys of `jax.random`, one for each series.
        """
        control, normals = jax.vmap(self._control)(ts, keys)
        initial, readout = precise_as(ts, (self.initial, self.readout))
        starts = jax.vmap(initial)(normals)
        if ts.shape[1] == 1:
            return jax.vmap(readout)(starts)[:, None]
        saveat = SaveAt(t0=True, steps=self.steps)
        states = solve_batch(self._field, jnp.swapaxes(control, 0, 1), starts, saveat, self.solver, self.adjoint)
        return jnp.swapaxes(jax.vmap(jax.vmap(readout))(states), 0, 1)

    def _control(
        self, ts: Float[Array, " time"], key: PRNGKeyArray
    ) -> tuple[Float[Array, "knots control"], Float[Array, " initial"]]:
        """Return time and Brownian motion at the ends of all steps, and the normal variables of the initial state."""
        first, noise = jax.random.split(key)
        rows = jnp.arange((ts.shape[0] - 1) * self.steps + 1) / self.steps
        knots = jnp.interp(rows.astype(ts.dtype), jnp.arange(ts.shape[0], dtype=ts.dtype), ts)
        dW = jax.random.normal(noise, (knots.shape[0] - 1, self.noise_size), ts.dtype)
        W = jnp.cumsum(jnp.sqrt(jnp.diff(knots))[:, None] * dW, axis=0)
        motion = jnp.concatenate([jnp.zeros((1, self.noise_size), ts.dtype), W])
        return jnp.concatenate([knots[:, None], motion], axis=1), jax.random.normal(
            first, (self.initial_noise_size,), ts.dtype
        )

    def _field(self, t: Float[Array, ""], x: Float[Array, " state"]) -> Float[Array, "state control"]:
        return jnp.concatenate([self.drift(t, x)[:, None], self.diffusion(t, x)], axis=1)
