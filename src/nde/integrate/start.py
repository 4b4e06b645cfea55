"""What a step starts from, what of it is kept on a tape, and what is computed anew."""

from typing import Any

import equinox as eqx
import jax
from jaxtyping import PyTree

from nde.core.types import Time, Y
from nde.integrate.problem import Differentiable, Setup, first_cache


class Start(eqx.Module):
    """What a step starts from besides its time.

    Attributes:
        y: The state.
        solver_state: The solver's state.
        cache: The solver's cache, or `None` where it is computed anew.
    """

    y: Y
    solver_state: PyTree[Any]
    cache: PyTree[Any]


def carried_cache(setup: Setup, cache: PyTree[Any]) -> PyTree[Any]:
    """The cache, if each step hands it to the next."""
    return cache if carries_cache(setup) else None


def carries_cache(setup: Setup) -> bool:
    """Whether each step hands its cache to the next: not where the vector field may jump between them."""
    return setup.carries_cache and not setup.controller.breaks


def retained(setup: Setup, start: Start) -> Start:
    """What a tape keeps of the start of a step."""
    return start if setup.keeps_cache else Start(start.y, start.solver_state, None)


def completed(problem: Differentiable, setup: Setup, t: Time, start: Start) -> Start:
    """The start of a step at `t` of which a tape kept what it keeps."""
    if setup.keeps_cache or not carries_cache(setup):
        return start
    return Start(start.y, start.solver_state, first_cache(problem, setup, t, start.y, start.solver_state))


def first_start(problem: Differentiable, setup: Setup) -> Start:
    """What the first step starts from."""
    cache = None
    if carries_cache(setup):
        cache = first_cache(problem, setup, problem.t0, problem.y0, problem.solver_state)
    return Start(problem.y0, problem.solver_state, cache)


def retained_shape(problem: Differentiable, setup: Setup) -> Start:
    """The shapes of what a tape keeps of the start of a step."""
    return jax.eval_shape(lambda: retained(setup, first_start(problem, setup)))
