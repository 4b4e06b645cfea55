"""A series as the control of a differential equation, whose state tells what it is."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray, Shaped

from nde.core.compiled import compiled
from nde.gradients import AbstractAdjoint, RecursiveCheckpointAdjoint
from nde.models.controlled import AbstractControlled, Static, without_gaps
from nde.nn import MatrixMLP
from nde.paths import AbstractPath, LinearInterpolation, with_integrals
from nde.solve import SaveAt
from nde.solvers import AbstractSolver, Heun
from nde.stepping import AbstractStepSizeController

Path = Callable[[Shaped[Array, " time"], Float[Array, "time channels"]], AbstractPath]
"""Makes a control of times and a series without gaps."""


class NeuralCDE(AbstractControlled):
    """A neural controlled differential equation: `dz = f(z) dX`, where `X` is a path through a series.

    The first row (and static features) gives the initial state by a linear map, the state at the end the result by
    another. Gaps are filled from straight lines between observations, from the first one backwards and from the last
    one forwards; a channel that was never observed is zero. Each step goes from one row to the next.

    The control has, beside the channels, their running integrals over time: with them the state sees what the channels
    are, not only how they change. For normalized data, whose longest series lasts 1, they are multiplied by
    `integrals`, so that an integral moves the state as far as the changes of a channel do.

    Call it with one series; for a batch use `jax.vmap`.

    Args:
        input_size: How many channels a series has; let time be the first of them (`nde.data.with_time`).
        hidden_size: Length of the state.
        output_size: Length of the result: of the logits of classes, say.
        static_size: How many static features there are.
        width: Of the hidden layers of the vector field.
        depth: How many hidden layers it has.
        integrals: By what the integrals of the channels are multiplied; 0 leaves them out.
        gated: Whether the vector field has a gate, see `nde.nn.MatrixMLP`.
        path: Makes the control of times and channels; `nde.LinearInterpolation`, or a function that makes a spline.
        solver: The method.
        stepsize_controller: How steps are chosen; by default one from each row to the next.
        adjoint: How the solve is differentiated.
        key: Of `jax.random`, for the weights.

    Attributes:
        initial: From the first row and static features to the initial state.
        vector_field: From a state to a matrix.
        readout: From a state and static features to the result.

    Source: Kidger, Morrill, Foster and Lyons, *Neural controlled differential equations for irregular time series*
    (2020), doi:10.48550/arXiv.2005.08926.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        from nde.models import NeuralCDE

        ts, ys = jnp.array([0.0, 0.4, 1.0]), jnp.array([[0.0, 1.0], [0.4, jnp.nan], [1.0, 3.0]])
        model = NeuralCDE(input_size=2, hidden_size=8, output_size=3, key=jax.random.key(0))
        print(model(ts, ys), model.readings(ts, ys).shape)
        ```
    """

    initial: eqx.nn.Linear
    vector_field: MatrixMLP
    readout: eqx.nn.Linear
    integrals: float = eqx.field(static=True)
    path: Path = eqx.field(static=True)
    solver: AbstractSolver
    stepsize_controller: AbstractStepSizeController | None
    adjoint: AbstractAdjoint

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        output_size: int,
        *,
        static_size: int = 0,
        width: int = 32,
        depth: int = 1,
        integrals: float = 8.0,
        gated: bool = False,
        path: Path = LinearInterpolation,
        solver: AbstractSolver = Heun(),
        stepsize_controller: AbstractStepSizeController | None = None,
        adjoint: AbstractAdjoint = RecursiveCheckpointAdjoint(),
        key: PRNGKeyArray,
    ) -> None:
        keys = jax.random.split(key, 3)
        control_size = 2 * input_size if integrals else input_size
        self.initial = eqx.nn.Linear(input_size + static_size, hidden_size, key=keys[0])
        self.vector_field = MatrixMLP(hidden_size, control_size, width, depth, gated=gated, key=keys[1])
        self.readout = eqx.nn.Linear(hidden_size + static_size, output_size, key=keys[2])
        self.integrals, self.path = integrals, path
        self.solver, self.stepsize_controller, self.adjoint = solver, stepsize_controller, adjoint

    @compiled(solves=True)
    def __call__(
        self,
        ts: Float[Array, " time"],
        ys: Float[Array, "time channels"],
        length: Int[Array, ""] | int | None = None,
        static: Static = None,
    ) -> Float[Array, " output"]:
        """The result for one series.

        Args:
            ts: Times, increasing.
            ys: The channels at these times; `nan` where nothing was observed.
            length: How many rows are the series' own, if others pad it; by default all.
            static: Static features, if the model takes some.
        """
        last = ts.shape[0] - 1 if length is None else length - 1
        # Along straight lines nothing moves in the padding: the end will do, and is cheaper to save.
        at_last = SaveAt(t1=True) if self.path is LinearInterpolation else SaveAt(ts=ts[last][None])
        return self.read(self._states(ts, ys, last, static, at_last)[0], static)

    @compiled(solves=True)
    def readings(
        self,
        ts: Float[Array, " time"],
        ys: Float[Array, "time channels"],
        static: Static = None,
    ) -> Float[Array, "time output"]:
        """What the result is after each row; arguments as in a call."""
        states = self._states(ts, ys, ts.shape[0] - 1, static, SaveAt(ts=ts))
        return jax.vmap(lambda state: self.read(state, static))(states)

    def _states(
        self,
        ts: Float[Array, " time"],
        ys: Float[Array, "time channels"],
        last: Int[Array, ""] | int,
        static: Static,
        saveat: SaveAt,
    ) -> Float[Array, "saved state"]:
        ts, xs = without_gaps(ts, ys)
        # Time stands still behind the last row, so that the integrals do.
        path = self.path(ts, with_integrals(self.integrals * jnp.minimum(ts, ts[last]), xs) if self.integrals else xs)
        return self.driven(path, ts, xs[0], static, saveat)
