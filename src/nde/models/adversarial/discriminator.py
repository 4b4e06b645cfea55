"""A neural CDE that distinguishes real series from generated ones."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from nde.core.compiled import compiled
from nde.gradients import AbstractAdjoint, RecursiveCheckpointAdjoint
from nde.models.adversarial.batched_solve import solve_batch
from nde.models.adversarial.observations import observed_path
from nde.nn import MatrixMLP, lipswish
from nde.nn.precision import precise_as
from nde.solve import SaveAt
from nde.solvers import AbstractSolver, ReversibleHeun


class NeuralCDEDiscriminator(eqx.Module):
    """A neural CDE that scores a time series, the discriminator of an `SDEGAN`.

    The state is `H(t0) = initial(t0, Y(t0))`, `dH = f(t, H) d(t, Y)`, and the score is the mean of `readout(H)` at both
    ends. Missing values are interpolated linearly between observations. Time and values are constant after the last
    row, so padding does not matter.

    The networks use LipSwish between layers and `tanh` at the end. Once the entries of each matrix are at most one over
    the number of its columns, as `nde.train.adversarial` ensures, all networks are 1-Lipschitz, and the score is a
    Lipschitz function of the path.

    The model takes a single series. For many, `scores` uses one solve and is faster than `jax.vmap`.

    Args:
        input_size: Number of channels, not counting time.
        hidden_size: Size of the state.
        width: Width of the hidden layers of both networks.
        depth: Number of their hidden layers.
        solver: The solver, which must use only increments of the control.
        adjoint: How gradients are computed through the solve.
        key: A key of `jax.random` for the weights.

    Attributes:
        initial: The map from time and channels of the first row to the initial state.
        vector_field: The map from time and state to a matrix.
        readout: The map from the state to a number.

    Source: Kidger, Foster, Li, Oberhauser and Lyons, *Neural SDEs as infinite-dimensional GANs* (2021),
    doi:10.48550/arXiv.2102.03657; Kidger, Foster, Li and Lyons, *Efficient and accurate gradients for neural SDEs*
    (2021), section 5, doi:10.48550/arXiv.2105.13493.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        from nde.models import NeuralCDEDiscriminator

        ts, ys = jnp.array([0.0, 0.4, 1.0]), jnp.array([[0.0], [jnp.nan], [1.0]])
        discriminator = NeuralCDEDiscriminator(input_size=1, key=jax.random.key(0))
        print(discriminator(ts, ys))
        ```
    """

    initial: eqx.nn.MLP
    vector_field: MatrixMLP
    readout: eqx.nn.Linear
    solver: AbstractSolver
    adjoint: AbstractAdjoint

    def __init__(
        self,
        input_size: int,
        hidden_size: int = 32,
        *,
        width: int = 16,
        depth: int = 1,
        solver: AbstractSolver = ReversibleHeun(),
        adjoint: AbstractAdjoint = RecursiveCheckpointAdjoint(),
        key: PRNGKeyArray,
    ) -> None:
        keys, size = jax.random.split(key, 3), input_size + 1
        self.initial = eqx.nn.MLP(size, hidden_size, width, depth, lipswish, key=keys[0])
        self.vector_field = MatrixMLP(hidden_size, size, width, depth, time=True, activation=lipswish, key=keys[1])
        self.readout = eqx.nn.Linear(hidden_size, 1, key=keys[2])
        self.solver, self.adjoint = solver, adjoint

    @compiled(solves=True)
    def __call__(
        self,
        ts: Float[Array, " time"],
        ys: Float[Array, "time channels"],
        length: Int[Array, ""] | int | None = None,
    ) -> Float[Array, ""]:
        """Compute the score of a series.

        Args:
            ts: Increasing times.
            ys: The channels at these times, with `nan` for missing values.
            length: The number of rows without padding; by default all.
        """
        lengths = jnp.asarray(ts.shape[0] if length is None else length)
        return self.scores(ts[None], ys[None], lengths[None])[0]

    @compiled(solves=True)
    def scores(
        self,
        ts: Float[Array, "series time"],
        ys: Float[Array, "series time channels"],
        lengths: Int[Array, " series"],
        adjoint: AbstractAdjoint | None = None,
    ) -> Float[Array, " series"]:
        """Compute the scores of many series in one solve.

        Args:
            ts: Increasing times.
            ys: The channels at these times, with `nan` for missing values and in the padding.
            lengths: The number of rows of each series, without padding.
            adjoint: Replaces the adjoint of the model.
        """
        control = jnp.swapaxes(jax.vmap(observed_path)(ts, ys, lengths), 0, 1)
        initial, readout = precise_as(ys, (self.initial, self.readout))
        starts = jax.vmap(initial)(control[0])
        ends = solve_batch(
            self.vector_field,
            control,
            starts,
            SaveAt(t1=True),
            self.solver,
            self.adjoint if adjoint is None else adjoint,
        )[0]
        return 0.5 * (jax.vmap(readout)(starts) + jax.vmap(readout)(ends))[:, 0]
