"""The table that the laws run on: every solver, controller and form of saving.

A new solver joins by its row in the registry.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array

import nde
from nde.solvers.registry import REGISTRY
from tests.laws.correction import fixed_correction

TIME_ROUNDING = 1e-6
"""What rounding makes of the step sizes that a controller chooses: a small error estimate is mostly rounding."""

VALUE_ROUNDING = 1e-9
"""What that makes of the values at times that are given."""

METHODS: dict[str, Callable[[], nde.AbstractSolver]] = {
    **REGISTRY,
    "HyperHeun": lambda: nde.HyperHeun(fixed_correction()),
}
"""The registered solvers, and those that need more than a name."""
SOLVERS = tuple(METHODS)
ADAPTIVE = tuple(name for name, make in METHODS.items() if make().adaptive)

LANDMARKS = (0.37, 0.71)
"""A time to step to and a jump time, for controllers that are given times."""


def solver_of(name: str) -> Any:
    """A solver by its name."""
    return METHODS[name]()


def tolerance_of(name: str) -> float:
    """A tolerance that takes a solver some ten or twenty steps on a problem of the size of one."""
    return 10.0 ** -min(solver_of(name).order(), 6)


def pid(name: str) -> Any:
    """An adaptive controller for a solver."""
    return nde.PIDController(rtol=tolerance_of(name), atol=tolerance_of(name))


def steps_of(name: str) -> tuple[float | None, Any]:
    """`dt0` and the controller by which a solver is used: adaptive if it can be."""
    if name in ADAPTIVE:
        return 0.1, pid(name)
    return 0.05, nde.ConstantStepSize()


def damps(name: str) -> bool:
    """Whether a solver's errors decay where the solution does; reversible methods only keep them in bounds."""
    return not isinstance(solver_of(name), nde.AbstractReversibleSolver)


def uneven_grid(t0: Array, t1: Array) -> Array:
    """Twelve steps of different sizes from t0 to t1."""
    share = jnp.linspace(0.0, 1.0, 13) ** 1.3
    return jnp.concatenate([(t0 + (t1 - t0) * share)[:-1], jnp.asarray(t1)[None]])


CONTROLLERS: dict[str, Callable[[str, Array, Array], tuple[float | None, Any]]] = {
    "constant": lambda name, t0, t1: (0.09, nde.ConstantStepSize()),
    "step_to": lambda name, t0, t1: (None, nde.StepTo(ts=uneven_grid(t0, t1))),
    "pid": lambda name, t0, t1: (0.1, pid(name)),
    "clip": lambda name, t0, t1: (
        0.1,
        nde.ClipStepSizeController(pid(name), step_ts=jnp.asarray(LANDMARKS[:1]), jump_ts=jnp.asarray(LANDMARKS[1:])),
    ),
}
"""`dt0` and controller for a solver and the ends of the solve."""


def works_with(solver: str, controller: str) -> bool:
    """Whether a solver can be used with a controller."""
    return solver in ADAPTIVE or controller in ("constant", "step_to")


def two_numbers(t: Array, y: Array, args: Any) -> dict[str, Array]:
    """A save function whose value is not shaped as the state and depends on all it is given."""
    return {"energy": jax.tree.leaves(args)[0] * jnp.sum(y**2), "phase": jnp.sin(t) * y[..., :1]}


def _values(sol: Any, ts: Array) -> list[Array]:
    """All numbers that were saved, padding as zero."""
    del ts
    return [jnp.where(jnp.isfinite(y), y, 0) for y in jax.tree.leaves(sol.ys)]


def _dense_values(sol: Any, ts: Array) -> list[Array]:
    return [jax.vmap(sol.evaluate)(ts), jax.vmap(sol.derivative)(ts)]


SAVE_FORMS: dict[str, tuple[Callable[[Array], Any], Callable[[Any, Array], list[Array]]]] = {
    "t1": (lambda ts: nde.SaveAt(t1=True), _values),
    "t0_t1": (lambda ts: nde.SaveAt(t0=True, t1=True), _values),
    "ts": (lambda ts: nde.SaveAt(ts=ts), _values),
    "steps": (lambda ts: nde.SaveAt(steps=True), _values),
    "every_third_step": (lambda ts: nde.SaveAt(steps=3, t1=True), _values),
    "dense": (lambda ts: nde.SaveAt(dense=True), _dense_values),
    "fn": (lambda ts: nde.SaveAt(ts=ts, t1=True, fn=two_numbers), _values),
    "subs": (
        lambda ts: nde.SaveAt(
            subs={
                "ends": nde.SubSaveAt(t0=True, t1=True),
                "times": [nde.SubSaveAt(ts=ts[:2], fn=two_numbers), nde.SubSaveAt(ts=ts[1:])],
                "steps": nde.SubSaveAt(steps=2),
            }
        ),
        _values,
    ),
}
"""What to save for some times inside the solve, and how to read it."""


def pairwise(*columns: Sequence[str], allowed: Callable[..., bool] = lambda *row: True) -> list[tuple[str, ...]]:
    """Rows in which each allowed pair of entries of two columns comes together at least once."""
    rows = [row for row in itertools.product(*columns) if allowed(*row)]
    missing = set().union(*(_pairs(row) for row in rows))
    chosen: list[tuple[str, ...]] = []
    while missing:
        best = max(rows, key=lambda row: len(_pairs(row) & missing))
        chosen.append(best)
        missing -= _pairs(best)
    return chosen


def _pairs(row: Iterable[str]) -> set[Any]:
    return set(itertools.combinations(enumerate(row), 2))
