"""The loop that roots and fixed points share."""

import abc
from collections.abc import Callable
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PyTree

from nde.core.lanes import any_lane
from nde.core.results import RESULTS, SUCCESSFUL, code_of
from nde.core.types import BoolScalar, IntScalar
from nde.roots.criterion import AbstractCriterion
from nde.roots.linear import Codes
from nde.roots.members import OfMembers, Rows, norm_of, where_member

Residual = Callable[[Rows], Rows]
"""What is to be zero: `f(x)` for a root, `f(x) - x` for a fixed point."""

RUNNING = -1
"""The code of a member that has not ended; no result has it."""

_ROUNDING = 8.0
"""Residuals of so many times the machine epsilon cannot be lowered further."""
_NEAR_ROUNDING = 64.0
"""The same at the end, when nothing lower was found."""


class Proposal(eqx.Module):
    """The next point of an iteration, what its solver keeps, and why there is none, for each member."""

    x: Rows
    state: PyTree[Any]
    code: Codes


class AbstractIterativeSolver(eqx.Module):
    """An iteration towards a zero of a residual, for all members of a batch at once.

    Example:
        ```python
        import nde

        assert isinstance(nde.implicit.Newton(), nde.implicit.AbstractIterativeSolver)
        ```
    """

    state_ends: ClassVar[bool] = False
    """Whether the state of a member that ended is kept as it was: its leaves have a first axis of members. Else it is
    not used any more, and large buffers are not copied to keep it."""

    @abc.abstractmethod
    def init(self, residual: Residual, x: Rows, h: Rows) -> PyTree[Any]:
        """What the solver keeps at first.

        Args:
            residual: The function whose zero is sought.
            x: The first point.
            h: The residual there.
        """

    @abc.abstractmethod
    def step(self, residual: Residual, k: IntScalar, x: Rows, h: Rows, state: PyTree[Any]) -> Proposal:
        """The next point.

        Args:
            residual: The function whose zero is sought.
            k: How many steps were taken, the same for all members.
            x: The last point.
            h: The residual there.
            state: What the solver keeps.
        """


class Iterate(eqx.Module):
    """What the loop carries; members that ended keep all but, as a rule, the solver's state.

    Attributes:
        x: The last point.
        h: The residual there.
        best: The point with the lowest norm of the residual.
        best_step: After how many steps it was found.
        lowest: That norm.
        first: The norm at the start.
        moved: How far the last step went.
        code: How it ended, or `RUNNING`.
        steps: How many steps were taken.
        k: The largest of these, also over lanes of a `vmap`.
        state: What the solver keeps.
        residuals: The norm after each step, if it is asked for; infinite after the last.
    """

    x: Rows
    h: Rows
    best: Rows
    best_step: Codes
    lowest: OfMembers
    first: OfMembers
    moved: OfMembers
    code: Codes
    steps: Codes
    k: IntScalar
    state: PyTree[Any]
    residuals: Float[Array, "steps members"] | None

    @property
    def running(self) -> Bool[Array, " members"]:
        """Which members have not ended."""
        return self.code == RUNNING


class Iteration(eqx.Module):
    """An iteration: its residual, its solver, and when it ends."""

    residual: Residual
    solver: AbstractIterativeSolver
    criterion: AbstractCriterion
    max_steps: int = eqx.field(static=True)
    history: bool = eqx.field(static=True, default=False)

    def run(self, x: Rows, state: PyTree[Any] = None) -> Iterate:
        """The end of the iteration.

        Args:
            x: Where it begins.
            state: What the solver kept in an earlier iteration, such as the factorization of `Chord`; by default it
                begins anew.
        """
        return self.finish(
            jax.lax.while_loop(lambda it: self.unfinished(it), lambda it: self.advance(it), self.start(x, state))
        )

    def start(self, x: Rows, state: PyTree[Any] = None) -> Iterate:
        """The first point."""
        h = self.residual(x)
        norm = jax.lax.stop_gradient(norm_of(h))
        code = jnp.where(self.criterion.start(x, h), SUCCESSFUL, RUNNING)
        code = jnp.where(jnp.isfinite(norm), code, code_of(RESULTS.nonfinite_start)).astype(jnp.int32)
        room = jnp.full((self.max_steps + 1, x.shape[0]), jnp.inf, x.dtype)
        return Iterate(
            x=x,
            h=h,
            best=x,
            best_step=jnp.zeros(x.shape[:1], jnp.int32),
            lowest=norm,
            first=norm,
            moved=jnp.full_like(norm, jnp.inf),
            code=jnp.where(self.criterion.valid, code, code_of(RESULTS.bad_tolerance)).astype(jnp.int32),
            steps=jnp.zeros(x.shape[:1], jnp.int32),
            k=jnp.zeros((), jnp.int32),
            state=self.solver.init(self.residual, x, h) if state is None else state,
            residuals=room.at[0].set(norm) if self.history else None,
        )

    def unfinished(self, it: Iterate) -> BoolScalar:
        """Whether a member of any lane still runs."""
        return (it.k < self.max_steps) & any_lane(it.running)

    def advance(self, it: Iterate) -> Iterate:
        """One step of all members that still run."""
        proposal = self.solver.step(self.residual, it.k, it.x, it.h, it.state)
        goes_on = it.running & (proposal.code == SUCCESSFUL)
        x = where_member(goes_on, proposal.x, it.x)
        h = where_member(goes_on, self.residual(x), it.h)
        norm = jax.lax.stop_gradient(norm_of(h))
        moved = jax.lax.stop_gradient(norm_of(x - it.x))
        lower = goes_on & (norm < it.lowest)
        judged = jnp.where(goes_on, self._judge(it, x, h, norm, moved), proposal.code)
        state = where_member(goes_on, proposal.state, it.state) if self.solver.state_ends else proposal.state
        residuals = it.residuals
        if residuals is not None:
            shown = jnp.where(it.running, norm, jnp.full_like(norm, jnp.inf))
            residuals = jax.lax.dynamic_update_index_in_dim(residuals, shown, it.k + 1, 0)
        return Iterate(
            x=x,
            h=h,
            best=where_member(lower, x, it.best),
            best_step=jnp.where(lower, it.k + 1, it.best_step),
            lowest=jnp.where(lower, norm, it.lowest),
            first=it.first,
            moved=jnp.where(goes_on, moved, it.moved),
            code=jnp.where(it.running, judged, it.code).astype(jnp.int32),
            steps=it.steps + it.running.astype(jnp.int32),
            k=it.k + 1,
            state=state,
            residuals=residuals,
        )

    def finish(self, it: Iterate) -> Iterate:
        """The same with the reason of those that ran until the last step, and the best point of those that failed."""
        grown = norm_of(it.h) > it.first
        why = jnp.where(grown, code_of(RESULTS.diverged), code_of(RESULTS.no_convergence))
        stalled = self.criterion.stalled(it.best, it.lowest, it.moved, _NEAR_ROUNDING)
        why = jnp.where(stalled, code_of(RESULTS.tolerance_too_small), why)
        code = jnp.where(it.running, why, it.code).astype(jnp.int32)
        converged = code == SUCCESSFUL
        best = where_member(converged, it.x, it.best)
        best_step = jnp.where(converged, it.steps, it.best_step)
        lowest = jnp.where(converged, jax.lax.stop_gradient(norm_of(it.h)), it.lowest)
        return eqx.tree_at(lambda it: (it.code, it.best, it.best_step, it.lowest), it, (code, best, best_step, lowest))

    def _judge(self, it: Iterate, x: Rows, h: Rows, norm: OfMembers, moved: OfMembers) -> Codes:
        """How it stands after a step."""
        code = jnp.full(norm.shape, RUNNING, jnp.int32)
        stalled = self.criterion.stalled(x, norm, moved, _ROUNDING)
        code = jnp.where(stalled, code_of(RESULTS.tolerance_too_small), code)
        code = jnp.where(self.criterion.reached(x, h, moved, it.moved), SUCCESSFUL, code)
        finite = jnp.isfinite(norm) & jnp.isfinite(moved)
        lost = ~finite | (norm > self.criterion.largest_growth * it.lowest)
        return jnp.where(lost, code_of(RESULTS.diverged), code).astype(jnp.int32)
