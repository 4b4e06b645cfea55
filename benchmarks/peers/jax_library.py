"""A side with Diffrax's interface: one text for Diffrax and for us."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.goal import Goal
from benchmarks.problem import Problem
from benchmarks.side import Ready
from benchmarks.timing import fastest


@dataclass(frozen=True)
class Setting:
    """Options of `diffeqsolve` beyond those that the problem fixes, and their name in the table."""

    name: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


DEFAULT_SETTING = Setting()


@dataclass(frozen=True)
class JaxLibrary:
    """A library that is called as Diffrax is.

    Args:
        name: what the table calls it.
        module: the library.
        settings: the settings that are worth trying on a problem; the fastest one is kept.
    """

    name: str
    module: ModuleType
    settings: Callable[[Problem], tuple[Setting, ...]] = lambda _: (DEFAULT_SETTING,)

    def installed(self) -> bool:
        """A module that was imported is here."""
        return True

    def start(self, problem: Problem, _goal: Goal, /) -> Ready:
        """Compile under each setting and keep the fastest."""
        started = [self._compile(problem, setting) for setting in self.settings(problem)]
        return fastest(started, runs=3)

    def function(self, problem: Problem, setting: Setting) -> Callable[..., Any]:
        """The problem as a function of `(y0, args)`, to be compiled."""

        def solve(y0: Any, args: Any) -> Any:
            ys = self.solution(problem, setting, y0, args).ys
            return ys[-1] if problem.ts is None else ys

        values = solve if problem.lanes is None else jax.vmap(solve, in_axes=problem.lanes)
        loss = problem.loss
        return values if loss is None else jax.grad(lambda y0, args: loss(values(y0, args)), argnums=(0, 1))

    def solution(self, problem: Problem, setting: Setting, y0: Any, args: Any) -> Any:
        """One solve."""
        library = self.module
        return library.diffeqsolve(
            library.ODETerm(problem.field(jnp)),
            library.Tsit5(),
            0.0,
            problem.t1,
            problem.dt0,
            y0,
            args,
            saveat=library.SaveAt(t1=True) if problem.ts is None else library.SaveAt(ts=problem.ts),
            stepsize_controller=library.PIDController(rtol=problem.tolerance, atol=problem.tolerance),
            max_steps=problem.max_steps,
            **setting.options,
        )

    def _compile(self, problem: Problem, setting: Setting) -> Ready:
        compiled, inputs = jax.jit(self.function(problem, setting)), problem.inputs()

        def run() -> Any:
            return jax.block_until_ready(compiled(*inputs))

        return Ready(run, before=run, value=jax.device_get(run()), setting=setting.name)
