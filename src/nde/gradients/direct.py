"""Differentiation by JAX itself, in both modes."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core.advice import Advice
from nde.core.lanes import any_lane
from nde.core.results import SUCCESSFUL
from nde.core.tree import all_finite, constant
from nde.core.types import IntScalar, RealScalar, Time, Y
from nde.gradients.base import AbstractAdjoint
from nde.integrate.loop import Loop
from nde.integrate.outcome import Outcome, outcome_of, recorders_for, solve_taped
from nde.integrate.problem import Differentiable, Setup, end_of
from nde.integrate.recorders import Tape, TapeRecorder
from nde.stepping import AbstractStepSizeController, Plan, Span, Verdict


class DirectAdjoint(AbstractAdjoint):
    """Forward and reverse mode, and every nesting of the two, by JAX's own rules.

    The solve is run once for its grid, and a second time over that grid in a loop of bounded length, which JAX can
    differentiate by itself. Memory grows with `max_steps`: choose it for short solves and for derivatives that the
    default does not offer.

    Raises:
        ValueError: If `max_steps` is `None`.

    Example:
        ```python
        import jax
        import nde

        def final(y0):
            term = nde.ODETerm(lambda t, y, args: -y**2)
            sol = nde.diffeqsolve(
                term, nde.Tsit5(), 0.0, 1.0, 0.1, y0, adjoint=nde.DirectAdjoint(), max_steps=16
            )
            return sol.ys[0]

        print(jax.grad(jax.grad(final))(1.0))
        ```
    """

    def solve(self, problem: Differentiable, setup: Setup) -> Outcome:
        """The outcome of the second run, with the figures of the first."""
        if setup.max_steps is None:
            raise ValueError(
                "`DirectAdjoint` got `max_steps=None`; it wants a bound on the number of steps, for its memory grows "
                "with it. Pass `max_steps=...`, or `adjoint=nde.RecursiveCheckpointAdjoint(checkpoints=...)`."
            )
        first, tape = solve_taped(constant(problem), constant(setup), TapeRecorder(setup.max_steps, slots=1))
        again = eqx.tree_at(
            lambda s: (s.controller, s.resume.controller_state),
            setup,
            (_playback(tape, problem, setup.controller.jumps), None),
            is_leaf=lambda x: x is None,
        )
        loop = Loop(problem, again, recorders_for(problem, again, whole=True), _bounded_while)
        second = outcome_of(loop, *loop.run())
        return eqx.tree_at(
            lambda o: (o.h, o.controller_state, o.code, o.steps, o.accepted),
            second,
            (first.h, first.controller_state, first.code, first.steps, first.accepted),
        )


class _Playback(AbstractStepSizeController):
    """Takes the steps of a tape again, as functions of what ended them.

    Attributes:
        tape: The tape.
        following: The slot of the step after that in each slot; in some slots this lane has no step.
        problem: What is solved.
        jumping: Whether the vector field jumps.
    """

    tape: Tape
    following: Array
    problem: Differentiable
    jumping: bool = eqx.field(static=True)

    @property
    def jumps(self) -> bool:
        """As the controller that made the tape."""
        return self.jumping

    @property
    def always_accepts(self) -> bool:
        """True: only empty slots are passed over."""
        return True

    def wrap(self, direction: RealScalar, dtype: Any) -> "_Playback":
        """Already in loop time."""
        del direction, dtype
        return self

    def check(self, t0: Time, t1: Time) -> int:
        """Nothing to check."""
        del t0, t1
        return SUCCESSFUL

    def init(
        self, slope: Callable[[Time, Y], Y], t0: Time, t1: Time, y0: Y, dt0: Time | None, error_order: RealScalar
    ) -> tuple[Plan, PyTree[Any]]:
        """The first slot."""
        del slope, t1, y0, dt0, error_order
        first = _slot_after(self.tape, jax.lax.stop_gradient(t0))
        return self._plan(t0, first), first

    def judge(
        self,
        step: Span,
        plan: Plan,
        y0: Y,
        y1: Y,
        error: Y | None,
        error_order: RealScalar,
        advice: Advice,
        state: IntScalar,
    ) -> Verdict:
        """Accepts what was accepted."""
        del y0, error, error_order, advice
        index = self.following[jnp.minimum(state, self.following.shape[0] - 1)]
        accepted = plan.end > step.start
        start = jnp.where(accepted, plan.end, step.start)
        jumped = jnp.asarray(False)
        if self.jumping:
            recorded, _, _ = self.tape.step(self.problem, jnp.minimum(index, self.tape.ends.shape[0] - 1))
            jumped = accepted & (recorded > plan.end)
            start = start + jax.lax.stop_gradient(jnp.where(jumped, recorded - start, 0))
        return Verdict(
            accepted=accepted,
            start=start,
            plan=self._plan(start, index),
            jumped=jumped,
            state=index,
            code=None,
            finite=all_finite(y1) | ~accepted,
        )

    def _plan(self, start: Time, index: IntScalar) -> Plan:
        last = self.tape.ends.shape[0] - 1
        _, end, cause = self.tape.step(self.problem, jnp.minimum(index, last))
        recorded = (index < self.tape.length) & (end > start)
        return Plan(end=jnp.where(recorded, end_of(self.problem, start, end, cause), start), cause=cause)


def _playback(tape: Tape, problem: Differentiable, jumping: bool) -> _Playback:
    return _Playback(tape, _slot_after(tape, tape.ends), problem, jumping)


def _slot_after(tape: Tape, t: Array) -> Array:
    """The slot of the first step that ends after a loop time."""
    slots = tape.ends.shape[0]
    ends = jnp.where(jnp.arange(slots) < tape.length, tape.ends, jnp.inf)
    return jnp.searchsorted(ends, t, side="right").astype(jnp.int32)


def _bounded_while(going: Callable[[Any], Any], body: Callable[[Any], Any], carry: Any, most: int) -> Any:
    """A loop that JAX can differentiate in reverse: chunks of iterations, passed over when all lanes are done."""
    size = max(1, round(most**0.5))

    def chunk(carry: Any, _: None) -> tuple[Any, None]:
        def steps() -> Any:
            return jax.lax.scan(lambda c, _: (body(c), None), carry, length=size)[0]

        return jax.lax.cond(any_lane(going(carry)), steps, lambda: carry), None

    return jax.lax.scan(chunk, carry, length=-(-most // size))[0]
