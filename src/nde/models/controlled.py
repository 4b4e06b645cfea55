"""What models of series that are controlled equations have in common: a path drives a state."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from nde.gradients import AbstractAdjoint
from nde.nn import MatrixMLP
from nde.paths import AbstractPath, linear_interpolation
from nde.solve import SaveAt, diffeqsolve
from nde.solvers import AbstractSolver
from nde.stepping import AbstractStepSizeController, StepTo
from nde.terms import ControlTerm

Static = Float[Array, " features"] | None


class AbstractControlled(eqx.Module):
    """`dz = f(z) dX`, from a first state that is linear in the first row, read by a linear map."""

    initial: eqx.AbstractVar[eqx.nn.Linear]
    vector_field: eqx.AbstractVar[MatrixMLP]
    readout: eqx.AbstractVar[eqx.nn.Linear]
    solver: eqx.AbstractVar[AbstractSolver]
    stepsize_controller: eqx.AbstractVar[AbstractStepSizeController | None]
    adjoint: eqx.AbstractVar[AbstractAdjoint]

    def driven(
        self,
        path: AbstractPath,
        ts: Float[Array, " knots"],
        x0: Float[Array, " channels"],
        static: Static,
        saveat: SaveAt,
    ) -> Float[Array, "saved state"]:
        """The states along a path, with a step from each of its knots to the next unless there is a controller."""
        return diffeqsolve(
            ControlTerm(self.vector_field, path).to_ode(),
            self.solver,
            ts[0],
            ts[-1],
            None,
            self.initial(_joined(x0, static)),
            saveat=saveat,
            stepsize_controller=StepTo(ts) if self.stepsize_controller is None else self.stepsize_controller,
            adjoint=self.adjoint,
        ).ys

    def read(self, state: Float[Array, " state"], static: Static) -> Float[Array, " output"]:
        """The result of a state and static features."""
        return self.readout(_joined(state, static))


def without_gaps(
    ts: Float[Array, " time"], ys: Float[Array, "time channels"]
) -> tuple[Float[Array, " knots"], Float[Array, "knots channels"]]:
    """A series filled from straight lines; constant before its first and behind its last observation.

    A channel that was never observed is zero. A single row is repeated, for a path has two ends.
    """
    if ts.shape[0] == 1:
        ts, ys = jnp.concatenate([ts, ts + 1]), jnp.concatenate([ys, ys])
    known = ~jnp.isnan(ys)
    first = jnp.take_along_axis(ys, jnp.argmax(known, axis=0)[None], axis=0)[0]
    start = jnp.where(jnp.any(known, axis=0), first, 0.0)
    return ts, linear_interpolation(ts, ys, fill_forward_nans_at_end=True, replace_nans_at_start=start)


def _joined(x: Float[Array, " some"], static: Static) -> Float[Array, " both"]:
    """A vector with static features behind it, if there are any."""
    return x if static is None else jnp.concatenate([x, static])
