"""What each step of a backward sweep starts from: kept on the tape, computed again on the way, or undone."""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp

from nde.core import tree
from nde.core.types import IntScalar
from nde.gradients.stack import Stack
from nde.gradients.steps import Recorded, Steps
from nde.integrate.problem import restart_solver_state, solver_of, term_in
from nde.integrate.start import carried_cache, complete_start, taped_start
from nde.solvers import AbstractReversibleSolver, StepStart
from nde.stepping import span


class AbstractStarts(eqx.Module):
    """Knows what the steps start from, the last one first."""

    @abc.abstractmethod
    def before(self, steps: Steps, index: IntScalar, step: Recorded) -> tuple[StepStart, "AbstractStarts"]:
        """What a step starts from, and the starts of the steps before it."""


class KeptStarts(AbstractStarts):
    """All of them were kept.

    Attributes:
        stack: The kept states.
    """

    stack: Stack

    def before(self, steps: Steps, index: IntScalar, step: Recorded) -> tuple[StepStart, "KeptStarts"]:
        """The top of the stack."""
        _, start = self.stack.top()
        start = complete_start(steps.inputs.problem, steps.inputs.setup, step.start, start)
        return start, KeptStarts(self.stack.without(index))


class RecomputedStarts(AbstractStarts):
    """Some of them were kept; the others are computed again.

    Attributes:
        stack: The states at hand.
    """

    stack: Stack

    def before(self, steps: Steps, index: IntScalar, step: Recorded) -> tuple[StepStart, "RecomputedStarts"]:
        """Walks forward from the last state at hand, keeping states on the way."""
        kept, state = self.stack.top()
        free = self.stack.free
        distance = index - kept
        sparse = -(-distance // (jnp.maximum(1, (free + 1) // 2) + 1))
        spacing = jnp.where(distance <= free, 1, jnp.maximum(1, sparse))

        def walk(carry: tuple[Stack, IntScalar, StepStart]) -> tuple[Stack, IntScalar, StepStart]:
            stack, at, start = carry
            step = steps.recorded(at)
            output = steps.make(steps.inputs.varying, steps.carry(step, start), step)
            moved = tree.where(step.counts, taped_start(steps.inputs.setup, output.after.start), start)
            keep = ((at + 1 - kept) % spacing == 0) & (stack.free > 0)
            return stack.push(at + 1, moved, keep), at + 1, moved

        stack, _, state = jax.lax.while_loop(lambda c: c[1] < index, walk, (self.stack, kept, state))
        start = complete_start(steps.inputs.problem, steps.inputs.setup, step.start, state)
        return start, RecomputedStarts(stack.without(index))


class InvertedStarts(AbstractStarts):
    """None was kept: a reversible solver inverts its steps.

    Attributes:
        end: What the step after was started from, with the solver's cache.
    """

    end: StepStart

    def before(self, steps: Steps, index: IntScalar, step: Recorded) -> tuple[StepStart, "InvertedStarts"]:
        """Inverts one step; the first step starts where the solve did."""
        setup, end, problem = steps.inputs.setup, self.end, steps.inputs.problem
        solver = solver_of(problem, setup)
        assert isinstance(solver, AbstractReversibleSolver)
        length = span(step.start, step.end)
        term = term_in(problem, setup, length)
        state, cache = steps.grid.state_before_jump(setup, step.end, end.solver_state), end.cache
        if setup.controller.breaks:  # what the step after starts with is the vector field behind the discontinuity
            cache = solver.init_cache(term, setup.real(step.end), end.y, problem.args, state)
        undone = solver.unstep(
            term,
            StepStart(end.y, state, cache),
            problem.args,
            steps.drive(step),
            steps.drive(steps.recorded(jnp.maximum(index - 1, 0))) if solver.multistep else None,
            setup.real(step.start),
            setup.clock.length(length.h),
        )
        before = restart_solver_state(problem, setup, step.start, undone.y, undone.solver_state)
        start = tree.where(step.counts, StepStart(undone.y, before, undone.cache), end)
        y, state = tree.where(index == 0, (problem.y0, problem.solver_state), (start.y, start.solver_state))
        start = StepStart(y, state, start.cache)
        return StepStart(start.y, start.solver_state, carried_cache(setup, start.cache)), InvertedStarts(start)
