"""What neural CDEs and RDEs share: a control path drives the state."""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from nde.gradients import AbstractAdjoint
from nde.nn import MatrixMLP
from nde.paths import AbstractPath, linear_interpolation
from nde.solve import SaveAt, diffeqsolve
from nde.solvers import AbstractSolver
from nde.stepping import AbstractStepSizeController, StepTo
from nde.terms import ControlledODETerm, ControlTerm

Static = Float[Array, " features"] | None
_MAX_STEPS, _STEPS_PER_KNOT = 4096, 2


class Control(eqx.Module):
    """What a series is to the equation.

    Attributes:
        path: The control path.
        ts: The ends of the steps along it.
        first: The first row of the series.
    """

    path: AbstractPath
    ts: Float[Array, " knots"]
    first: Float[Array, " channels"]


class AbstractControlled(eqx.Module):
    """Base class of `dz = f(z) dX` with a linear map from the first row to the initial state, and a linear readout."""

    initial: eqx.AbstractVar[eqx.nn.Linear]
    vector_field: eqx.AbstractVar[MatrixMLP]
    readout: eqx.AbstractVar[eqx.nn.Linear]
    solver: eqx.AbstractVar[AbstractSolver]
    stepsize_controller: eqx.AbstractVar[AbstractStepSizeController | None]
    adjoint: eqx.AbstractVar[AbstractAdjoint]

    @abc.abstractmethod
    def control(
        self, ts: Float[Array, " time"], ys: Float[Array, "time channels"], length: Int[Array, ""] | int | None = None
    ) -> Control:
        """The control path of a series; `length` is its number of rows without padding, by default all."""

    def term(self, control: Control) -> ControlledODETerm:
        """The equation along a control path."""
        return ControlTerm(self.vector_field, control.path).to_ode()

    def initial_state(self, control: Control, static: Static) -> Float[Array, " state"]:
        """The state at the first row."""
        return self.initial(_concatenate(control.first, static))

    def solve_along(self, control: Control, static: Static, saveat: SaveAt) -> Float[Array, "saved state"]:
        """Solve along a control path, by default with a step from each knot to the next.

        There is no limit of steps that a long series could reach: as many as it has knots are always allowed.
        """
        ts = control.ts
        return diffeqsolve(
            self.term(control),
            self.solver,
            ts[0],
            ts[-1],
            None,
            self.initial_state(control, static),
            saveat=saveat,
            stepsize_controller=StepTo(ts) if self.stepsize_controller is None else self.stepsize_controller,
            adjoint=self.adjoint,
            max_steps=max(_MAX_STEPS, _STEPS_PER_KNOT * len(ts)),
        ).ys

    def output(self, state: Float[Array, " state"], static: Static) -> Float[Array, " output"]:
        """Return the output for a state and static features."""
        return self.readout(_concatenate(state, static))


def projection_of(input_size: int, rank: int | None, key: PRNGKeyArray) -> eqx.nn.Linear | None:
    """A linear map from the channels to `rank` combinations of them, or `None` without a rank.

    It factorizes the last layer of the vector field, whose size grows with the number of channels.
    """
    if rank is None:
        return None
    if not 0 < rank <= input_size:
        raise ValueError(f"rank must be between 1 and the number of channels, {input_size}; got {rank}.")
    return eqx.nn.Linear(input_size, rank, use_bias=False, key=key)


def project(projection: eqx.nn.Linear | None, xs: Float[Array, "knots channels"]) -> Float[Array, "knots combinations"]:
    """The combinations of the channels at each knot; the channels themselves without a projection."""
    return xs if projection is None else jax.vmap(projection)(xs)


def fill_missing(
    ts: Float[Array, " time"], ys: Float[Array, "time channels"]
) -> tuple[Float[Array, " knots"], Float[Array, "knots channels"]]:
    """Fill missing values by linear interpolation, and by constants before the first and after the last observation.

    A channel without observations is set to zero. A single row is repeated, since a path needs two points.
    """
    if ts.shape[0] == 1:
        ts, ys = jnp.concatenate([ts, ts + 1]), jnp.concatenate([ys, ys])
    known = ~jnp.isnan(ys)
    first = jnp.take_along_axis(ys, jnp.argmax(known, axis=0)[None], axis=0)[0]
    start = jnp.where(jnp.any(known, axis=0), first, 0.0)
    return ts, linear_interpolation(ts, ys, fill_forward_nans_at_end=True, replace_nans_at_start=start)


def _concatenate(x: Float[Array, " some"], static: Static) -> Float[Array, " both"]:
    """Append static features to a vector, if there are any."""
    return x if static is None else jnp.concatenate([x, static])
