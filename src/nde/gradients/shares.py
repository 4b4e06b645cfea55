"""The cotangent of parameters by the adjoint equation, of which each step adds its share, summed over lanes.

It is an integral that nothing else depends on. So the state has a single number in its place, `dz = -a f dX`, and the
share of a step is the derivative of what the step adds to `z`, at fixed `a` and `y`.
"""

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core import tree
from nde.gradients.adjoint_drives import truncate_where
from nde.gradients.primitive import Levels
from nde.gradients.pull import vjp
from nde.integrate.problem import Differentiable, Setup, step_map
from nde.integrate.recorders import AbstractRecorder, Attempt
from nde.solvers import StepStart
from nde.stepping import Span


class RepeatedStep(eqx.Module):
    """A step of the adjoint equation, to be taken once more.

    Attributes:
        problem: The solve of the adjoint equation.
        setup: Its constants.
        step: Start, end and length.
        start: What it starts from.
        drive: What its stages see of the path.
    """

    problem: Differentiable
    setup: Setup
    step: Span
    start: StepStart
    drive: PyTree[Any]


class ShareRecorder(AbstractRecorder):
    """Adds up the shares of all steps that count.

    Attributes:
        levels: The lanes of each surrounding `jax.vmap`.
        varying: The inputs of the solve whose adjoint equation it is.
        grown: Their cotangent before the first step.
    """

    levels: Levels
    varying: PyTree[Array | None]
    grown: PyTree[Array]

    def init(self, problem: Differentiable, setup: Setup) -> PyTree[Array]:
        """The cotangent as it is."""
        del problem, setup
        return self.grown

    def write(self, problem: Differentiable, setup: Setup, store: PyTree[Array], attempt: Attempt) -> PyTree[Array]:
        """The cotangent with the share of one more step."""
        z, pull = vjp(self.levels, _scalar, self.varying, None, _repeated_step(problem, setup, attempt))
        share, _ = pull(jnp.where(attempt.accepted, jnp.ones_like(z), 0))
        return tree.add(store, share)

    def finish(self, store: PyTree[Array]) -> PyTree[Array]:
        """The cotangent."""
        return store


def shared_size(levels: Levels, varying: PyTree[Array | None]) -> int:
    """How many numbers of the term and the arguments lanes share, at any level.

    Args:
        levels: The lanes of each surrounding `jax.vmap`.
        varying: The inputs of the solve.
    """
    structure = jax.tree.structure(varying)
    differs = [jax.tree.unflatten(structure, level.lanes.differs) for level in levels]
    size = jax.tree.map(lambda x, *differs: 0 if all(differs) else x.size, varying, *differs)
    return sum(jax.tree.leaves((size.term, size.args)))


def _repeated_step(problem: Differentiable, setup: Setup, attempt: Attempt) -> RepeatedStep:
    """The step, of length zero where it was rejected: its stages may be infinite, and zero times that is no number."""
    step, drive, counts = attempt.step, attempt.drive, attempt.accepted
    if not setup.controller.always_accepts:
        step = Span(step.start, attempt.recorded_end, jnp.where(counts, step.h, 0))
        drive = truncate_where(drive, counts)
    return RepeatedStep(problem, setup, step, attempt.start, drive)


def _scalar(varying: PyTree[Array | None], _: None, taken: RepeatedStep) -> Array:
    """The number at the end of a step, as a function of the parameters in it alone."""
    term = dataclasses.replace(taken.problem.term, weighed=(varying.term, varying.args))
    problem = dataclasses.replace(taken.problem, term=term)
    return step_map(problem, taken.setup, taken.step, taken.start, taken.drive).y.inputs
