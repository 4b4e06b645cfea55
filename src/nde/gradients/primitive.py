"""A solve as a primitive of JAX, by which a `jax.vmap` inside a derivative is told from one around it.

The gradient of a `jax.vmap` sums over lanes what they share, that of each sample does not, and to a rule for reverse
mode both look the same. The primitive meets the two in the order in which they were written: a `jax.vmap` makes it the
solve of all lanes, a derivative makes it the rules of reverse mode, for as many lanes as it has by then.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.custom_derivatives import CustomVJPPrimal, SymbolicZero
from jax.extend.core import ClosedJaxpr, JaxprEqn, Primitive
from jax.interpreters import ad, batching, mlir
from jaxtyping import Array, PyTree

from nde.core import tree
from nde.gradients.levels import Flat, Lanes, Level
from nde.integrate.outcome import Outcome
from nde.integrate.problem import Differentiable, Setup

Around = tuple[Lanes, ...]
"""Each `jax.vmap` around a solve, the innermost first."""

Levels = tuple[Level, ...]
"""The same, seen from inside."""


SOLVE = "differential_equation_solve"
"""The name of the primitive."""


class Rules(NamedTuple):
    """How a solve is run, and how it is differentiated.

    Attributes:
        plainly: The outcome.
        forward: The outcome, and whatever the backward pass needs. Called with a flag for each leaf of the problem,
            which is true if it is differentiated.
        backward: The cotangents of these leaves, of what was kept and of the cotangent of the outcome, `None` where it
            is zero. It is told the levels at which lanes share what varies.
    """

    plainly: Callable[[Differentiable, Setup], Outcome]
    forward: Callable[[Differentiable, Setup, PyTree[bool]], tuple[Outcome, PyTree[Any]]]
    backward: Callable[[Differentiable, Setup, PyTree[bool], PyTree[Any], Outcome, Levels], PyTree[Array | None]]


def differentiable(rules: Rules, problem: Differentiable, setup: Setup) -> Outcome:
    """The outcome of a solve with these rules."""
    arrays, static = eqx.partition((problem, tree.constant(setup)), eqx.is_array)
    leaves, structure = jax.tree.flatten(arrays)
    solve = _Solve(rules, structure, static)
    return solve.ended.tree(_solve.bind(*leaves, solve=solve, around=()))


def program_of(eqn: JaxprEqn) -> ClosedJaxpr:
    """The program of a solve that stands in another program."""
    return eqn.params["solve"].program(eqn.params["around"], [v.aval for v in eqn.invars])


class _Flattened:
    """The structure of a pytree, learned when one is flattened."""

    def __init__(self) -> None:
        self.structure: Any = None
        self.static: Any = None

    def leaves(self, pytree: PyTree[Any]) -> list[Any]:
        """The arrays."""
        arrays, self.static = eqx.partition(pytree, eqx.is_array)
        leaves, self.structure = jax.tree.flatten(arrays)
        return leaves

    def tree(self, leaves: Sequence[Any]) -> PyTree[Any]:
        """The pytree with other arrays; one that is `None` stays away."""
        return eqx.combine(jax.tree.unflatten(self.structure, leaves), self.static)


class _Solve:
    """What of a solve is no array.

    Attributes:
        rules: Its rules.
        ended: The structure of the outcome.
    """

    def __init__(self, rules: Rules, structure: Any, static: PyTree[Any]) -> None:
        self.rules = rules
        self.ended = _Flattened()
        self._structure, self._static = structure, static
        self._programs: dict[Any, ClosedJaxpr] = {}

    def inputs(self, leaves: Sequence[Any]) -> tuple[Differentiable, Setup]:
        """The problem and its setup."""
        arrays = [jnp.asarray(x) for x in leaves]
        return eqx.combine(jax.tree.unflatten(self._structure, arrays), self._static)

    def wanted(self, flags: Sequence[bool]) -> PyTree[bool]:
        """The leaves of the problem that are differentiated."""
        marked, _ = jax.tree.unflatten(self._structure, flags)
        fixed, _ = self._static
        return jax.tree.map(lambda flag, _: False if flag is None else flag, marked, fixed, is_leaf=_is_none)

    def plainly(self, *leaves: Any) -> list[Any]:
        """The outcome."""
        return self.ended.leaves(self.rules.plainly(*self.inputs(leaves)))

    def program(self, around: Around, avals: Sequence[Any]) -> ClosedJaxpr:
        """The solve of all lanes as a program, traced once."""
        key = (around, tuple(avals))
        if key not in self._programs:
            self._programs[key] = jax.make_jaxpr(_for_all(self.plainly, around))(*avals)
        return self._programs[key]


def _for_all(fn: Flat, around: Around) -> Flat:
    """The function for all lanes, with an axis for each level in front of each result."""
    for lanes in around:
        fn = lanes.map(fn, tuple(0 if differs else None for differs in lanes.differs))
    return fn


class _ReverseMode:
    """The rules of reverse mode of the solve of all lanes.

    The way forward notes which of what it keeps all lanes share.
    """

    def __init__(self, solve: _Solve, around: Around) -> None:
        self.solve, self.around = solve, around
        self.kept = _Flattened()
        self.kept_differs: list[tuple[bool, ...]] = []
        self.wanted: tuple[bool, ...] = ()
        self.call = jax.custom_vjp(_for_all(solve.plainly, around))
        self.call.defvjp(self._forward, self._backward, symbolic_zeros=True)

    def _forward(self, *given: CustomVJPPrimal) -> tuple[list[Any], tuple[list[Any], list[Any]]]:
        leaves = [jnp.asarray(x.value) for x in given]  # JAX may hand over numbers, of a program or of Python
        self.wanted = tuple(bool(x.perturbed) for x in given)
        ended = 0

        def forward(*leaves: Any) -> list[Any]:
            nonlocal ended
            outcome, kept = self.solve.rules.forward(*self.solve.inputs(leaves), self.solve.wanted(self.wanted))
            results = self.solve.ended.leaves(outcome)
            ended = len(results)
            return [*results, *self.kept.leaves(kept)]

        fn = forward
        noted: list[Any] = []
        for lanes in self.around:
            fn = _noting(lanes, fn, lambda: ended, noted)
        results = list(fn(*leaves))
        self.kept_differs = [tuple(differs[ended:]) for differs in noted]
        return results[:ended], (leaves, results[ended:])

    def _backward(self, residuals: tuple[list[Any], list[Any]], cotangents: Sequence[Any]) -> tuple[Any, ...]:
        leaves, kept = residuals
        given = [None if isinstance(g, SymbolicZero) or g.dtype == jax.dtypes.float0 else g for g in cotangents]
        place, last = len(leaves), len(leaves) + len(kept)
        wanted = self.solve.wanted(self.wanted)
        summing = tuple(
            lanes._replace(differs=tuple(d for d, w in zip(lanes.differs, self.wanted, strict=True) if w))
            for lanes in self.around
        )

        def backward(levels: Levels, *args: Any) -> list[Any]:
            present = iter(args[last:])
            outcome = self.solve.ended.tree([None if g is None else next(present) for g in given])
            outcome = eqx.filter(outcome, eqx.is_inexact_array)
            inputs, own = self.solve.inputs(args[:place]), self.kept.tree(args[place:last])
            return jax.tree.leaves(self.solve.rules.backward(*inputs, wanted, own, outcome, levels))

        fn = backward
        present = [g for g in given if g is not None]
        for lanes, kept_differs, sums in zip(self.around, self.kept_differs, summing, strict=True):
            fn = _summing(sums, fn, (*lanes.differs, *kept_differs, *(True for _ in present)))
        change = iter(fn((), *leaves, *kept, *present))
        return tuple(next(change) if w else None for w in self.wanted)


def _noting(lanes: Lanes, fn: Flat, ended: Callable[[], int], noted: list[Any]) -> Flat:
    """The way forward of all lanes, that notes which results differ; those that are the outcome all do."""

    def run(*leaves: Any) -> list[Any]:
        results, differs = lanes.run(lambda _, *leaves: fn(*leaves), leaves, lanes.differs)
        told = ended()
        noted.append(differs)
        return [x if d or i >= told else lanes.spread(x) for i, (x, d) in enumerate(zip(results, differs, strict=True))]

    return run


def _summing(lanes: Lanes, fn: Flat, differs: Sequence[bool]) -> Flat:
    """The way back of all lanes, in which what they share has one cotangent."""

    def run(outer: Levels, *args: Any) -> list[Any]:
        def lane(number: Array, *args: Any) -> Sequence[Any]:
            return fn((Level(lanes, number), *outer), *args)

        changes, differing = lanes.run(lane, args, differs)
        return [
            (x if d else lanes.spread(x)) if own else (jnp.sum(x, axis=0) if d else x)
            for x, d, own in zip(changes, differing, lanes.differs, strict=True)
        ]

    return run


def _is_none(x: Any) -> bool:
    return x is None


_solve = Primitive(SOLVE)
_solve.multiple_results = True


@_solve.def_impl
def _(*leaves: Any, solve: _Solve, around: Around) -> Sequence[Array]:
    return _for_all(solve.plainly, around)(*leaves)


@_solve.def_effectful_abstract_eval
def _(*avals: Any, solve: _Solve, around: Around) -> tuple[Sequence[Any], Any]:
    program = solve.program(around, avals)
    return program.out_avals, program.effects


def _lowered(context: mlir.LoweringRuleContext, *values: Any, solve: _Solve, around: Around) -> Sequence[Any]:
    program = solve.program(around, context.avals_in)
    return mlir.core_call_lowering(context, *values, name=_solve.name, call_jaxpr=program)


def _batched(
    axis: Any, leaves: Sequence[Any], axes: Sequence[int | None], *, solve: _Solve, around: Around
) -> tuple[Sequence[Any], Sequence[int | None]]:
    differs = tuple(a is not None for a in axes)
    if not any(differs):
        results = _solve.bind(*leaves, solve=solve, around=around)
        return results, [None] * len(results)
    moved = [x if a is None else jnp.moveaxis(x, a, 0) for x, a in zip(leaves, axes, strict=True)]
    name = None if type(axis.name) is object else axis.name  # JAX's mark of an axis without a name
    lanes = Lanes(axis.size, name, axis.spmd_name, differs)
    results = _solve.bind(*moved, solve=solve, around=(*around, lanes))
    return results, [0] * len(results)


def _differentiated(
    primals: Sequence[Any], tangents: Sequence[Any], *, solve: _Solve, around: Around
) -> tuple[Sequence[Any], Sequence[Any]]:
    moves = [not isinstance(t, ad.Zero) for t in tangents]
    call = _ReverseMode(solve, around).call

    def of_moving(*moving: Any) -> list[Any]:
        rest = iter(moving)
        return call(*(next(rest) if m else x for x, m in zip(primals, moves, strict=True)))

    moving, along = (tuple(x for x, m in zip(xs, moves, strict=True) if m) for xs in (primals, tangents))
    results, changes = jax.jvp(of_moving, moving, along)
    return results, [
        ad.Zero(jax.typeof(x).to_tangent_aval()) if c.dtype == jax.dtypes.float0 else c
        for x, c in zip(results, changes, strict=True)
    ]


ad.primitive_jvps[_solve] = _differentiated
batching.fancy_primitive_batchers[_solve] = _batched
mlir.register_lowering(_solve, _lowered)
