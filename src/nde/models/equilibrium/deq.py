"""Deep equilibrium layers."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import PyTree

from nde.core.compiled import compiled
from nde.core.describe import describe
from nde.core.types import RealScalar
from nde.implicit import Anderson, IterativeSolution, fixed_point
from nde.implicit.gradients import AbstractFixedPointGradient, ImplicitGradient
from nde.nn import with_values
from nde.roots.arguments import check_flags, check_function, check_kind, step_count
from nde.roots.iteration import AbstractIterativeSolver

EquilibriumMap = Callable[[Any, Any], Any]
"""A map `(z, x)` to what is shaped as `z`."""

Start = int | Sequence[int] | Callable[[Any], Any]
"""The shape of a state, or a function from the input to the first state."""


class DEQ(eqx.Module):
    """A deep equilibrium layer: its output is the `z` with `z = f(z, x)`, as of infinitely many layers `f`.

    The memory of a training step does not depend on how many steps the solver takes. The layer takes a single input, or
    with `batched=True` many, each of which stops by itself; under `jax.vmap` the result is the same, a little slower.

    Args:
        f: The map `(z, x)`, any Equinox module or function. Weights that are `nde.nn.BoundedNorm` are bounded once for
            each solve.
        state: The shape of `z`, an integer or several, for a first state of zeros; or a function from `x` to the first
            state, any pytree.
        solver: How the equilibrium is found.
        gradient: How it is differentiated.
        rtol: Tolerance of the residual, relative to `f(z, x)`.
        atol: Absolute tolerance.
        max_steps: Most steps of the solver.
        applications: How many times `f` is applied in a step. For small states two or three cost a little less
            than as many steps of `Anderson()`.
        throw: Whether a failure raises, also in the gradient; otherwise the state with the lowest residual is used.

    Attributes:
        f: The map.
        state: The shape of the state, or the function to the first one.
        solver: The solver.
        gradient: The gradient.
        rtol: Relative tolerance.
        atol: Absolute tolerance.
        max_steps: Most steps.
        applications: How many times `f` is applied in a step.
        throw: Whether a failure raises.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If a size or a count is not positive.

    Source: Bai, Kolter and Koltun, *Deep equilibrium models* (2019), doi:10.48550/arXiv.1909.01377.

    Example:
        ```python
        import equinox as eqx
        import jax
        import jax.numpy as jnp
        import nde

        weight = nde.nn.bounded_norms(eqx.nn.Linear(8, 8, key=jax.random.key(0)), bound=0.9)
        layer = nde.models.DEQ(nde.models.InjectedMap(weight, jnp.tanh), state=8)
        xs = jax.random.normal(jax.random.key(1), (5, 8))
        print(layer(xs[0]), layer.solve(xs, batched=True).stats["num_steps"])
        ```
    """

    f: EquilibriumMap
    state: Start = eqx.field(static=True)
    solver: AbstractIterativeSolver
    gradient: AbstractFixedPointGradient
    rtol: RealScalar
    atol: RealScalar
    max_steps: int = eqx.field(static=True)
    applications: int = eqx.field(static=True)
    throw: bool = eqx.field(static=True)

    def __init__(
        self,
        f: EquilibriumMap,
        state: Start,
        *,
        solver: AbstractIterativeSolver = Anderson(),
        gradient: AbstractFixedPointGradient = ImplicitGradient(),
        rtol: RealScalar = 1e-4,
        atol: RealScalar = 1e-6,
        max_steps: int = 100,
        applications: int = 1,
        throw: bool = True,
    ) -> None:
        check_function("DEQ", f)
        check_kind("DEQ", "solver", solver, AbstractIterativeSolver, "nde.implicit.Anderson()")
        check_kind("DEQ", "gradient", gradient, AbstractFixedPointGradient, "nde.implicit.ImplicitGradient()")
        check_flags("DEQ", throw=throw)
        self.f, self.state = f, _checked_state(state)
        self.solver, self.gradient = solver, gradient
        self.rtol, self.atol = rtol, atol
        self.max_steps, self.applications = step_count("DEQ", max_steps), _count("applications", applications)
        self.throw = throw

    @compiled(solves=True)
    def __call__(self, x: PyTree[Any], z0: PyTree[Any] = None, *, batched: bool = False) -> PyTree[Any]:
        """Return the equilibrium.

        Args:
            x: The input, any pytree.
            z0: Where the solver begins, such as the equilibrium of a similar input (a warm start).
            batched: Whether the first axis of each array of `x` and `z0` counts members of a batch.

        Raises:
            ValueError: If the result of `f` is not shaped as the state.
            SolveError: If the solve fails and `throw=True`.
        """
        return self.solve(x, z0, batched=batched).value

    @compiled(solves=True)
    def solve(self, x: PyTree[Any], z0: PyTree[Any] = None, *, batched: bool = False) -> IterativeSolution:
        """Return the equilibrium with its result code, the number of steps and the residual, for each member.

        Args:
            x: The input, any pytree.
            z0: Where the solver begins.
            batched: As in `__call__`.

        Raises:
            ValueError: If the result of `f` is not shaped as the state.
            SolveError: If the solve fails and `throw=True`.
        """
        f = Applications(with_values(self.f), self.applications)
        f, start = (_mapped(f), jax.vmap(self.start)) if batched else (f, self.start)
        first = start(x) if z0 is None else _like(z0, jax.eval_shape(start, x))
        _check_map(f, first, x)
        return fixed_point(
            f,
            first,
            x,
            solver=self.solver,
            gradient=self.gradient,
            rtol=self.rtol,
            atol=self.atol,
            max_steps=self.max_steps,
            batched=batched,
            throw=self.throw,
        )

    def start(self, x: PyTree[Any]) -> PyTree[Any]:
        """Return the first state for an input."""
        if callable(self.state):
            return self.state(x)
        return jnp.zeros(self.state, jnp.result_type(float))

    def step(self, z: PyTree[Any], x: PyTree[Any]) -> PyTree[Any]:
        """Apply the map once, with bounded weights.

        Args:
            z: The state.
            x: The input.
        """
        return with_values(self.f)(z, x)


class Applications(eqx.Module):
    """A map that is applied several times."""

    f: EquilibriumMap
    count: int = eqx.field(static=True)

    def __call__(self, z: PyTree[Any], x: PyTree[Any]) -> PyTree[Any]:
        """The state after all applications."""
        for _ in range(self.count):
            z = self.f(z, x)
        return z


def _mapped(f: Applications) -> EquilibriumMap:
    """The map of all members of a batch."""
    return lambda z, x: jax.vmap(f)(z, x)


def _like(z0: PyTree[Any], start: PyTree[Any]) -> PyTree[Any]:
    """A state that a user gave, as arrays.

    Raises:
        ValueError: If it is not shaped as the first state.
    """
    given, wanted = (jax.tree.map(jnp.shape, tree) for tree in (z0, start))
    if given != wanted:
        raise ValueError(f"`DEQ` got a `z0` of shape {given} for a state of shape {wanted}; expected the same.")
    return jax.tree.map(jnp.asarray, z0)


def _check_map(f: EquilibriumMap, z: PyTree[Any], x: PyTree[Any]) -> None:
    given, found = (jax.tree.map(jnp.shape, tree) for tree in (z, jax.eval_shape(f, z, x)))
    if given != found:
        raise ValueError(
            f"`DEQ` got a map `f` whose result has the shape {found} for a state of shape {given}; expected the same. "
            "Change `f`, or pass the shape of its result as `state`."
        )


def _checked_state(state: Any) -> Start:
    if callable(state):
        return state
    sizes = (state,) if isinstance(state, int) else state
    if not isinstance(sizes, Sequence) or not all(isinstance(n, int) and not isinstance(n, bool) for n in sizes):
        raise TypeError(
            f"`DEQ` got {describe(state)} as `state`; expected its size, its shape, or a function from the input to "
            "the first state."
        )
    if math.prod(sizes) < 1 or min(sizes, default=1) < 1:
        raise ValueError(f"`DEQ` got state={state}; expected positive sizes.")
    return tuple(sizes)


def _count(name: str, count: Any) -> int:
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise ValueError(f"`DEQ` got {name}={count!r}; expected a whole number of at least 1.")
    return count
