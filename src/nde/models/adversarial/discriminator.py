"""A controlled differential equation that tells real series from others."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from nde.core.compiled import compiled
from nde.gradients import AbstractAdjoint, RecursiveCheckpointAdjoint
from nde.models.adversarial.together import driven_together
from nde.models.controlled import without_gaps
from nde.nn import MatrixMLP, lipswish
from nde.nn.precision import precise_as
from nde.solve import SaveAt
from nde.solvers import AbstractSolver, ReversibleHeun


class NeuralCDEDiscriminator(eqx.Module):
    """A neural controlled differential equation as a function of paths: the score of a series.

    `H(t0) = initial(t0, Y(t0))`, `dH = f(t, H) d(t, Y)`, and the score is the mean of `readout(H)` at both ends. Gaps
    are filled from straight lines between observations, and neither time nor values move behind the last row, so that
    padding does not matter.

    With LipSwish between its layers and `tanh` behind, all of its networks stretch nothing once the entries of each
    matrix are at most one by the number of its columns, as `nde.train.adversarial` keeps them: then the score is a
    Lipschitz function of the path.

    It is written for one series; `scores` does many in one solve, which is faster than `jax.vmap`.

    Args:
        input_size: How many channels a series has, time left out.
        hidden_size: Length of the state.
        width: Width of the hidden layers of both networks.
        depth: Number of their hidden layers.
        solver: The method, one that asks a control for its increments only.
        adjoint: How the solve is differentiated.
        key: Of `jax.random`, for the weights.

    Attributes:
        initial: From time and channels of the first row to the first state.
        vector_field: From time and state to a matrix.
        readout: From a state to a number.

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
        """The score of one series.

        Args:
            ts: Times, increasing.
            ys: The channels at these times; `nan` where nothing was observed.
            length: How many rows are the series' own, if others pad it; by default all.
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
        """The scores of many series, in one solve.

        Args:
            ts: Times, increasing.
            ys: The channels at these times; `nan` where nothing was observed and in the padding.
            lengths: How many rows are each series' own.
            adjoint: In place of the model's.
        """
        control = jnp.swapaxes(jax.vmap(observed_path)(ts, ys, lengths), 0, 1)
        initial, readout = precise_as(ys, (self.initial, self.readout))
        starts = jax.vmap(initial)(control[0])
        ends = driven_together(
            self.vector_field,
            control,
            starts,
            SaveAt(t1=True),
            self.solver,
            self.adjoint if adjoint is None else adjoint,
        )[0]
        return 0.5 * (jax.vmap(readout)(starts) + jax.vmap(readout)(ends))[:, 0]


def observed_path(
    ts: Float[Array, " time"], ys: Float[Array, "time channels"], length: Int[Array, ""] | int
) -> Float[Array, "knots channels_and_time"]:
    """Time and channels at each row, filled from straight lines, which stand still behind the last row."""
    knots, xs = without_gaps(ts, ys)
    last = jnp.clip(length - 1, 0, ts.shape[0] - 1)
    return jnp.concatenate([jnp.minimum(knots, ts[last])[:, None].astype(xs.dtype), xs], axis=1)
