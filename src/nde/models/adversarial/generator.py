"""A stochastic differential equation that makes series of noise."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, PRNGKeyArray

from nde.core.compiled import compiled
from nde.gradients import AbstractAdjoint, RecursiveCheckpointAdjoint
from nde.models.adversarial.together import driven_together
from nde.nn import MatrixMLP, VectorFieldMLP, lipswish
from nde.nn.precision import precise_as
from nde.solve import SaveAt
from nde.solvers import AbstractSolver, ReversibleHeun


class NeuralSDEGenerator(eqx.Module):
    """A neural stochastic differential equation as a law of series.

    `X(t0) = initial(V)` of normal `V`, `dX = drift(t, X) dt + diffusion(t, X) o dW`, and a row is `readout(X)`, an
    affine map. The equation is Stratonovich's, with as many components of noise as one likes, all of which act on the
    whole state.

    It is written for one series; `samples` makes many in one solve, which is faster than `jax.vmap`. Times should be of
    the order of one, as `nde.data.Normalization` with `times=True` makes them.

    Args:
        output_size: How many channels a series has.
        hidden_size: Length of the state.
        noise_size: How many components the Brownian motion has.
        initial_noise_size: How many normal numbers the first state is made of.
        width: Width of the hidden layers of all networks.
        depth: Number of their hidden layers.
        scale: With what the scale of the drift begins, see `nde.nn.VectorFieldMLP`.
        steps: Into how many equal steps the gap between two times is divided.
        solver: The method, Stratonovich's, one that asks for increments of the noise only.
        adjoint: How the solve is differentiated.
        key: Of `jax.random`, for the weights.

    Attributes:
        initial: From normal numbers to the first state.
        drift: From time and state to a slope, bounded by `tanh` times a scale.
        diffusion: From time and state to a matrix, bounded by `tanh`.
        readout: From the state to the channels.
        initial_noise_size: How many normal numbers the first state is made of.
        noise_size: How many components the Brownian motion has.
        steps: Steps in a gap.

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
            raise ValueError(f"Got steps={steps}; at least one step from each time to the next is wanted.")
        keys = jax.random.split(key, 4)
        self.initial = eqx.nn.MLP(initial_noise_size, hidden_size, width, depth, lipswish, key=keys[0])
        self.drift = VectorFieldMLP(hidden_size, width, depth, time=True, scale=scale, activation=lipswish, key=keys[1])
        self.diffusion = MatrixMLP(hidden_size, noise_size, width, depth, time=True, activation=lipswish, key=keys[2])
        self.readout = eqx.nn.Linear(hidden_size, output_size, key=keys[3])
        self.initial_noise_size, self.noise_size, self.steps = initial_noise_size, noise_size, steps
        self.solver, self.adjoint = solver, adjoint

    @compiled(solves=True)
    def sample(self, ts: Float[Array, " time"], *, key: PRNGKeyArray) -> Float[Array, "time channels"]:
        """One series.

        Args:
            ts: Increasing times; the law begins at the first of them.
            key: Of all that is random.
        """
        return self.samples(ts[None], key[None])[0]

    @compiled(solves=True)
    def samples(
        self, ts: Float[Array, "series time"], keys: Key[Array, " series"]
    ) -> Float[Array, "series time channels"]:
        """Many series, each with times and a key of its own, in one solve.

        Args:
            ts: Increasing times; the law begins at the first of each series.
            keys: Of all that is random, one for each series.
        """
        control, normals = jax.vmap(self._control)(ts, keys)
        initial, readout = precise_as(ts, (self.initial, self.readout))
        starts = jax.vmap(initial)(normals)
        if ts.shape[1] == 1:
            return jax.vmap(readout)(starts)[:, None]
        saveat = SaveAt(t0=True, steps=self.steps)
        states = driven_together(self._field, jnp.swapaxes(control, 0, 1), starts, saveat, self.solver, self.adjoint)
        return jnp.swapaxes(jax.vmap(jax.vmap(readout))(states), 0, 1)

    def _control(
        self, ts: Float[Array, " time"], key: PRNGKeyArray
    ) -> tuple[Float[Array, "knots control"], Float[Array, " initial"]]:
        """Time and Brownian motion at the ends of all steps, and the normal numbers of the first state."""
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
