"""The derivative of all steps, which are undone one after another."""

from typing import Any, cast

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import PyTree

from nde.core import tree
from nde.core.types import IntScalar
from nde.gradients.modes import reverse_mode_only
from nde.implicit.gradients.base import AbstractFixedPointGradient
from nde.implicit.gradients.recomputation import Recomputation, steps_until_due
from nde.implicit.problem import FixedPoint
from nde.implicit.reversible_picard import ReversiblePicard
from nde.roots.iteration import Iterate
from nde.roots.members import Rows, where_member

_INSTEAD = (
    "Pass `gradient=nde.implicit.ImplicitGradient()`, or `UnrolledGradient()` for the same derivative in both modes."
)


class ReversibleGradient(AbstractFixedPointGradient):
    """The exact gradient of the iteration, in memory that does not depend on the number of steps; reverse mode only.

    It goes with `solver=ReversiblePicard()`, undoes its steps one after another, and is that of `UnrolledGradient` up
    to rounding, also to `x0`. A step back takes two evaluations of `f` and their pullbacks. Undoing multiplies rounding
    errors by up to `1 / (1 - β)^2`. Before they take half of all digits (after 13 steps in float64 and 5 in float32 at
    `β = 1/2`), the states are computed again from `x0` on.

    Raises:
        TypeError: With another solver, and in forward mode.

    Source: McCallum, Arora and Foster, *Reversible deep equilibrium models* (2025), doi:10.48550/arXiv.2509.12917.

    Example:
        See `ReversiblePicard`.
    """

    def solve(self, problem: FixedPoint) -> tuple[Iterate, Rows]:
        """The plain iteration, with the gradient of its steps."""
        if not isinstance(problem.solver, ReversiblePicard):
            raise TypeError(
                f"`ReversibleGradient` got `solver={type(problem.solver).__name__}()`, whose steps cannot be undone. "
                "Pass `solver=nde.implicit.ReversiblePicard()`."
            )
        varying, fixed = eqx.partition((problem.equation.inputs, problem.x0), eqx.is_inexact_array)
        varying = reverse_mode_only(varying, type(self).__name__, _INSTEAD)
        value, end = _run(varying, fixed, tree.constant(problem))
        return tree.constant(end), value


@eqx.filter_custom_vjp
def _run(varying: PyTree[Any], fixed: PyTree[Any], problem: FixedPoint) -> tuple[Rows, Iterate]:
    end = _end(varying, fixed, problem)
    return end.best, end


@_run.def_fwd
def _(perturbed: Any, varying: PyTree[Any], fixed: PyTree[Any], problem: FixedPoint) -> Any:
    del perturbed
    end = _end(varying, fixed, problem)
    return (end.best, end), end


@_run.def_bwd
def _(end: Iterate, out: Any, perturbed: Any, varying: Any, fixed: Any, problem: FixedPoint) -> Any:
    del perturbed
    (inputs, x0), (other_inputs, fixed_x0) = varying, fixed
    start = _Undoing(
        x=end.x,
        y=end.state,
        to_x=jnp.zeros_like(end.x),
        to_y=jnp.zeros_like(end.x),
        to_inputs=tree.zeros_like(inputs),
        n=end.k,
    )

    def f(inputs: PyTree[Any], x: Rows) -> Rows:
        return problem.equation.with_inputs(eqx.combine(inputs, other_inputs))(x)

    solver = cast(ReversiblePicard, problem.solver)
    states = Recomputation(lambda x: f(inputs, x), solver, fixed_x0 if x0 is None else x0, end.steps)
    due = steps_until_due(solver, end.x.dtype)

    def undo(at: _Undoing) -> _Undoing:
        undone = end.k - at.n
        x, y = states.states_if((undone > 0) & (undone % due == 0), at.n, (at.x, at.y))
        return _undo(eqx.tree_at(lambda at: (at.x, at.y), at, (x, y)), f, inputs, solver, end, out[0])

    at = jax.lax.while_loop(lambda at: at.n > 0, undo, start)
    to_x0 = at.to_x + at.to_y
    return at.to_inputs, jnp.where((end.best_step == 0)[:, None], to_x0 + out[0], to_x0)


class _Undoing(eqx.Module):
    """Both states after `n` steps, and the cotangents of all that is before."""

    x: Rows
    y: Rows
    to_x: Rows
    to_y: Rows
    to_inputs: PyTree[Any]
    n: IntScalar


def _undo(
    at: _Undoing, f: Any, inputs: PyTree[Any], solver: ReversiblePicard, end: Iterate, cotangent: Rows
) -> _Undoing:
    """One step less, for the members that took it; the cotangent of the value joins where the value was found."""
    took = end.steps >= at.n
    kept, share = solver.shares(at.x.dtype)
    to_x = where_member(end.best_step == at.n, at.to_x + cotangent, at.to_x)
    image, pull = jax.vjp(f, inputs, at.y)
    x = solver.unmix(at.x, image)
    more, to_y_of_image = pull(where_member(took, share * to_x, jnp.zeros_like(to_x)))
    to_y = at.to_y + to_y_of_image
    to_inputs = tree.add(at.to_inputs, more)
    image, pull = jax.vjp(f, inputs, x)
    y = solver.unmix(at.y, image)
    more, to_x_of_image = pull(where_member(took, share * to_y, jnp.zeros_like(to_y)))
    return _Undoing(
        x=where_member(took, x, at.x),
        y=where_member(took, y, at.y),
        to_x=where_member(took, kept * to_x + to_x_of_image, to_x),
        to_y=where_member(took, kept * to_y, to_y),
        to_inputs=tree.add(to_inputs, more),
        n=at.n - 1,
    )


def _end(varying: PyTree[Any], fixed: PyTree[Any], problem: FixedPoint) -> Iterate:
    """The end of the iteration, which forward mode follows: the outer one of forward-over-reverse."""
    inputs, x0 = eqx.combine(varying, fixed)
    equation = problem.equation.with_inputs(inputs)
    return eqx.tree_at(lambda p: p.equation, problem, equation).iteration.run(x0)
