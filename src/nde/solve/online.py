"""Controlled differential equations that take one observation at a time."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core.arrays import inexact_arrays
from nde.core.describe import describe
from nde.core.report import raise_if_failed
from nde.core.results import RESULTS, SUCCESSFUL, code_of
from nde.core.types import Args, RealScalar, Time, Y
from nde.paths import AbstractGrowingPath, GrowingLinear
from nde.paths.interpolation.base import AbstractInterpolation
from nde.paths.interpolation.growing import Grown
from nde.solve._diffeqsolve import diffeqsolve
from nde.solve.arguments import check_time
from nde.solve.arity import with_args
from nde.solvers import AbstractSolver, Tsit5
from nde.stepping import StepTo
from nde.terms import ControlTerm


class OnlineState(eqx.Module):
    """The state of an online solve.

    Attributes:
        y: The state after the last observation.
        grown: The path up to it.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        state = nde.OnlineCDE(lambda t, y: y[:, None]).init(0.0, jnp.array([0.0]), jnp.ones(1))
        print(state.t, state.y)
        ```
    """

    y: Y
    grown: Grown

    @property
    def t(self) -> Time:
        """The time of the last observation."""
        return self.grown.t


class OnlineCDE(eqx.Module):
    """A controlled differential equation that takes one observation at a time, at constant cost.

    After each observation the state is that of a solve along the whole path so far with one step from knot to knot. The
    path looks at nothing that comes later, so no state has to be computed again.

    `update` is a pure function of arrays: compile it with `jax.jit` or `eqx.filter_jit`, and for many series at once
    `jax.vmap` it.

    Attributes:
        vector_field: `(t, y)` or `(t, y, args)`, with values of shape `(*y, *x)` for a control of shape `x`; see
            `ControlTerm`.
        growing: How the path is extended: `GrowingLinear()`, `GrowingHermite()` or, with missing values,
            `GrowingRectilinear()`.
        solver: The method.
        prod: The product of a value of the vector field with an increment of the control, if not that of a matrix.

    Source: Morrill, Kidger, Yang and Lyons, *Neural controlled differential equations for online prediction tasks*
    (2021), doi:10.48550/arXiv.2106.11028.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        online = nde.OnlineCDE(lambda t, y: y[:, None])
        state = online.init(0.0, jnp.array([0.0]), jnp.ones(1))
        for t, x in [(0.5, 1.0), (2.0, 0.5)]:
            state = online.update(state, t, jnp.array([x]))
            print(t, state.y, jnp.exp(x))
        ```
    """

    vector_field: Callable[..., PyTree[Any]]
    growing: AbstractGrowingPath = GrowingLinear()
    solver: AbstractSolver = Tsit5()
    prod: Callable[[PyTree[Any], PyTree[Any]], PyTree[Any]] | None = None

    def init(self, t: RealScalar, x: PyTree[Any], y0: Y) -> OnlineState:
        """The state at the first observation.

        Args:
            t: Its time.
            x: Its values.
            y0: The state there, which may well be made of `x`.

        Raises:
            TypeError: If the time is no real number.
            ValueError: If it is an array of times.
        """
        check_time("OnlineCDE.init", "t", t)
        return OnlineState(inexact_arrays(y0), self.growing.init(t, x))

    def update(self, state: OnlineState, t: RealScalar, x: PyTree[Any], args: Args = None) -> OnlineState:
        """The state at the next observation.

        Args:
            state: That at the last one.
            t: The time of the observation, after that of the last.
            x: Its values, shaped as before.
            args: Handed to a vector field of three arguments.

        Raises:
            TypeError: If the state is none, or the time no real number.
            ValueError: If shapes do not fit together; if a time that is not traced is before the last.
            SolveError: If the time is not after the last, or the state is no longer finite.
        """
        if not isinstance(state, OnlineState):
            raise TypeError(f"`OnlineCDE.update` got {describe(state)} as `state`; expected what `init` returned.")
        check_time("OnlineCDE.update", "t", t)
        piece, grown = self.growing.grow(state.grown, t, x)
        sol = diffeqsolve(
            ControlTerm(with_args(self.vector_field), piece, self.prod).to_ode(),
            self.solver,
            piece.t0,
            piece.t1,
            None,
            state.y,
            args,
            stepsize_controller=StepTo(piece.ts),
        )
        ys = _after(state.grown, piece, grown, sol.ys)
        return OnlineState(jax.tree.map(lambda y: y[-1], ys), grown)


def _after(last: Grown, piece: AbstractInterpolation, new: Grown, ys: PyTree[Array]) -> PyTree[Array]:
    """The states along a piece, tied to a check that it leads forward.

    Raises:
        SolveError: If it does not.
    """
    code = jnp.where(piece.t1 > piece.t0, SUCCESSFUL, code_of(RESULTS.bad_observation_time))
    facts = {"the last time": last.t, "the new time": new.t}
    return raise_if_failed(ys, lambda ys: ys, code, lambda: facts)
