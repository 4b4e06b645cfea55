"""What a step starts from, what of it is kept on a tape, and what is computed anew."""

from typing import Any

import jax
from jaxtyping import PyTree

from nde.core.types import Time
from nde.integrate.problem import Differentiable, Setup, fresh_start
from nde.solvers import StepStart


def carried_cache(setup: Setup, cache: PyTree[Any]) -> PyTree[Any]:
    """The cache, if each step hands it to the next."""
    return cache if carries_cache(setup) else None


def carries_cache(setup: Setup) -> bool:
    """Whether each step hands its cache to the next: not where the vector field may jump between them."""
    return setup.carries_cache and not setup.controller.breaks


def taped_start(setup: Setup, start: StepStart) -> StepStart:
    """What a tape keeps of the start of a step."""
    return start if setup.keeps_cache else StepStart(start.y, start.solver_state)


def complete_start(problem: Differentiable, setup: Setup, t: Time, start: StepStart) -> StepStart:
    """The start of a step at `t` of which a tape kept what it keeps."""
    if setup.keeps_cache or not carries_cache(setup):
        return start
    return fresh_start(problem, setup, t, start.y, start.solver_state)


def first_start(problem: Differentiable, setup: Setup) -> StepStart:
    """What the first step starts from."""
    if not carries_cache(setup):
        return StepStart(problem.y0, problem.solver_state)
    return fresh_start(problem, setup, problem.t0, problem.y0, problem.solver_state)


def taped_shape(problem: Differentiable, setup: Setup) -> StepStart:
    """The shapes of what a tape keeps of the start of a step."""
    return jax.eval_shape(lambda: taped_start(setup, first_start(problem, setup)))
