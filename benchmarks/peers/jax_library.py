"""A side with Diffrax's interface: the same code for Diffrax and `nde`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import lineax

from benchmarks.goal import Goal
from benchmarks.problem import Problem
from benchmarks.side import Ready
from benchmarks.timing import fastest


@dataclass(frozen=True)
class Setting:
    """Options of `diffeqsolve` in addition to those that the problem fixes, with their name in the table."""

    name: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


DEFAULT_SETTING = Setting()


@dataclass(frozen=True)
class JaxLibrary:
    """A library with Diffrax's interface.

    Args:
        name: its name in the table.
        module: the library.
        settings: the settings to try on a problem; the fastest one is kept.
        motion: makes the Brownian motion of an SDE problem from its shape and key.
    """

    name: str
    module: ModuleType
    settings: Callable[[Problem], tuple[Setting, ...]] = lambda _: (DEFAULT_SETTING,)
    motion: Callable[[Problem, tuple[int, ...], jax.Array], Any] | None = None

    def installed(self) -> bool:
        """Whether the library is installed: its module was imported."""
        return True

    def start(self, problem: Problem, _goal: Goal, /) -> Ready:
        """Compile under each setting and keep the fastest."""
        started = [self.compiled(problem, setting) for setting in self.settings(problem)]
        return fastest(started, runs=3)

    def function(self, problem: Problem, setting: Setting) -> Callable[..., Any]:
        """The problem as a function of its inputs, ready to compile."""

        def solve(*inputs: Any) -> Any:
            ys = self.solution(problem, setting, *inputs).ys
            return ys[-1] if problem.ts is None else ys

        values = solve if problem.axes is None else jax.vmap(solve, in_axes=problem.axes)
        loss = problem.loss
        return values if loss is None else jax.grad(lambda *inputs: loss(values(*inputs)), argnums=(0, 1))

    def solution(self, problem: Problem, setting: Setting, y0: Any, args: Any, key: jax.Array | None = None) -> Any:
        """Solve once."""
        library = self.module
        return library.diffeqsolve(
            self._terms(problem, y0, key),
            getattr(library, problem.method)(),
            0.0,
            problem.t1,
            problem.dt0,
            y0,
            args,
            saveat=library.SaveAt(t1=True) if problem.ts is None else library.SaveAt(ts=problem.ts),
            stepsize_controller=self._controller(problem),
            max_steps=problem.max_steps,
            **setting.options,
        )

    def _terms(self, problem: Problem, y0: Any, key: jax.Array | None) -> Any:
        library = self.module
        drift = library.ODETerm(problem.field(jnp))
        if problem.noise is None:
            return drift
        assert self.motion is not None
        diffusion = problem.noise.diffusion(jnp)
        diagonal = library.ControlTerm(
            lambda t, y, args: lineax.DiagonalLinearOperator(diffusion(t, y, args)),
            self.motion(problem, jnp.shape(y0), key),
        )
        return library.MultiTerm(drift, diagonal)

    def _controller(self, problem: Problem) -> Any:
        library = self.module
        if problem.tolerance is None:
            return library.ConstantStepSize()
        noisy = {} if problem.noise is None else {"pcoeff": 0.1, "icoeff": 0.3}
        return library.PIDController(rtol=problem.tolerance, atol=problem.tolerance, **noisy)

    def compiled(self, problem: Problem, setting: Setting) -> Ready:
        """One setting, compiled and run once."""
        compiled, inputs = jax.jit(self.function(problem, setting)), problem.inputs()

        def run() -> Any:
            return jax.block_until_ready(compiled(*inputs))

        return Ready(run, before=run, value=jax.device_get(run()), setting=setting.name)
