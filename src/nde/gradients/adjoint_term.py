"""The equation of the continuous adjoint, as a term that any solver takes."""

import abc
import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from nde.core import tree
from nde.core.clock import Clock
from nde.core.types import Args, BoolScalar, IntScalar, RealScalar, Time, Y
from nde.gradients.adjoint_drives import AbstractDrives
from nde.gradients.adjoint_jumps import cotangent_product
from nde.integrate.output import DenseStep, step_holding
from nde.terms import AbstractTerm, ito_to_stratonovich
from nde.terms.within import clamp_time

LinearForm = Callable[[RealScalar, AbstractTerm, Y, Args], Y]
"""From a time, a term, a state and arguments to what the vector field is there, times what drives it."""


class AbstractSolution(eqx.Module):
    """Where the adjoint equation has the solution from that it goes along."""

    @abc.abstractmethod
    def first(self, y: Y) -> Y | None:
        """What of the solution is part of the state of the adjoint equation."""

    @abc.abstractmethod
    def at(self, t: RealScalar, y: Y | None) -> Y:
        """The solution at a time, by what of it is part of the state."""


class CarriedSolution(AbstractSolution):
    """It is solved again, backward, together with its adjoint."""

    def first(self, y: Y) -> Y:
        """All of it."""
        return y

    def at(self, t: RealScalar, y: Y | None) -> Y:
        """The part of the state."""
        del t
        return y


class InterpolatedSolution(AbstractSolution):
    """It was kept.

    Attributes:
        steps: The steps of the forward solve.
        clock: Turns the user's times into loop times of that solve.
    """

    steps: DenseStep
    clock: Clock

    def first(self, y: Y) -> None:
        """Nothing."""
        del y

    def at(self, t: RealScalar, y: Y | None) -> Y:
        """The interpolated value."""
        del y
        at = self.clock.loop(jnp.asarray(t, self.steps.end.dtype))
        return step_holding(self.steps, at, left=True).value(at)


class AdjointState(eqx.Module):
    """The state of the adjoint equation.

    Attributes:
        y: The solution, if it is solved again.
        a: The cotangent of the solution.
        inputs: The cotangent of what the vector field depends on besides, as far as it has grown: a mere integral. Of a
            `scalar` equation the integral of `-a f dX`, whose derivative to these inputs is their cotangent.
    """

    y: Y | None
    a: Y
    inputs: PyTree[Array]


class AdjointTerm(AbstractTerm):
    """`dy = f dX`, `da = -a (∂f/∂y) dX`, `dp = -a (∂f/∂p) dX`, driven as the term whose adjoint it is.

    What drives a step appears linearly in all three, so that one pull-back of the term's own slope makes them. Where
    derivatives to the data of paths are wanted, they are among the `p`, and `X` depends on them.

    Attributes:
        varying: Of the term and the user's arguments what derivatives are wanted of.
        fixed: The rest of both.
        solution: Where the solution comes from.
        drives: What drives it.
        bounds: Times before and behind which it is not evaluated.
        scalar: Whether `-a f dX` is integrated in place of `dp`.
        weighed: The same as `varying`, for the `f` in that integral alone.
    """

    varying: PyTree[Array | None]
    fixed: PyTree[Any]
    solution: AbstractSolution
    drives: AbstractDrives
    bounds: tuple[Time, Time] | None = None
    scalar: bool = eqx.field(default=False, static=True)
    weighed: PyTree[Array | None] = None

    @property
    def own(self) -> AbstractTerm:
        """The term whose adjoint it is."""
        return eqx.combine(self.varying, self.fixed)[0]

    @property
    def noisy(self) -> bool:
        """As the term."""
        return self.own.noisy

    @property
    def knots(self) -> tuple[Array, ...]:
        """Those of the term."""
        return self.own.knots

    def vf(self, t: RealScalar, y: AdjointState, args: Args) -> tuple[RealScalar, AdjointState]:
        """Where the vector field is to be taken."""
        del args
        return (t if self.bounds is None else clamp_time(jnp.asarray(t), *self.bounds)), y

    def slope(
        self, vf: tuple[RealScalar, AdjointState], y: AdjointState, drive: PyTree[Any], stage: int
    ) -> AdjointState:
        """The pull-back of the term's slope."""
        del y

        def own(t: RealScalar, term: AbstractTerm, y: Y, args: Args) -> Y:
            return term.slope(term.vf(t, y, args), y, *self.drives.stage_drive(drive, term, stage))

        return self.pull_back(own, *vf)

    def scale(self, drive: PyTree[Any]) -> RealScalar:
        """That of the term."""
        return self.own.scale(self.drives.plain_drive(drive))

    def derivative(self, t: RealScalar, y: AdjointState, args: Args) -> AdjointState:
        """The pull-back of the derivative of the term's state."""
        del args
        return self.pull_back(lambda t, term, y, args: term.derivative(t, y, args), t, y)

    def contr(self, t0: RealScalar, t1: RealScalar) -> PyTree[Any]:
        """That of the term."""
        return self.own.contr(t0, t1)

    def prod(self, vf: tuple[RealScalar, AdjointState], control: PyTree[Any]) -> AdjointState:
        """The pull-back of the term's product."""
        return self.pull_back(lambda t, term, y, args: term.vf_prod(t, y, args, control), *vf)

    def applied(self, vf: tuple[RealScalar, AdjointState], y: AdjointState, control: PyTree[Any]) -> AdjointState:
        """The same."""
        del y
        return self.prod(vf, control)

    def vf_prod(self, t: RealScalar, y: AdjointState, args: Args, control: PyTree[Any]) -> AdjointState:
        """The same."""
        del args
        return self.prod((t, y), control)

    def pull_back(self, own: LinearForm, t: RealScalar, at: AdjointState) -> AdjointState:
        """A linear form of the term's vector field, and its pull-backs."""
        y = self.solution.at(t, at.y)

        def change(varying: PyTree[Array | None], y: Y) -> Y:
            term, args = eqx.combine(varying, self.fixed)
            return own(t, term, y, args)

        if self.scalar:
            value, pull = jax.vjp(lambda y: change(self.varying, y), y)
            (a,) = pull(at.a)
            inputs = cotangent_product(at.a, value if self.weighed is None else change(self.weighed, y), at.inputs)
        else:
            value, pull = jax.vjp(change, self.varying, y)
            inputs, a = pull(at.a)
        return AdjointState(self.solution.first(value), *jax.tree.map(jnp.negative, (a, inputs)))

    def start(self, y: Y, a: Y) -> AdjointState:
        """The state in which nothing is integrated yet."""
        if not self.scalar:
            return AdjointState(self.solution.first(y), a, tree.zeros_like(self.varying))
        dtype = tree.common_dtype(*map(tree.real_dtype, jax.tree.leaves(a)))
        return AdjointState(self.solution.first(y), a, jnp.zeros((), dtype))

    def closed(self, t: RealScalar, y: AdjointState, args: Args) -> "AdjointTerm":
        """The term itself, whose functions are closed."""
        del t, y, args
        return self

    def within(self, low: Time, high: Time) -> "AdjointTerm":
        """The term that is not evaluated before `low` or behind `high`."""
        return dataclasses.replace(self, bounds=(low, high))

    def begin(
        self, t0: RealScalar, step: IntScalar | int = 0, may_reject: bool = False, forward: BoolScalar | bool = True
    ) -> PyTree[Any]:
        """As the term."""
        return self.own.begin(t0, step, may_reject, forward)

    def redrawable(self, may_reject: bool) -> bool:
        """As the term."""
        return self.own.redrawable(may_reject)

    def prepare(
        self,
        t: RealScalar,
        end: RealScalar,
        h: RealScalar,
        nodes: tuple[float, ...],
        needs: frozenset[str],
        path_state: PyTree[Any],
    ) -> tuple[PyTree[Any], PyTree[Any]]:
        """As the term."""
        return self.drives.prepare(self.own, t, end, h, nodes, needs, path_state)

    def commit(self, accepted: BoolScalar, old: PyTree[Any], new: PyTree[Any]) -> PyTree[Any]:
        """As the term."""
        return self.own.commit(accepted, old, new)

    def max_step(self, t: RealScalar, path_state: PyTree[Any]) -> Float[Array, ""] | None:
        """As the term."""
        return self.own.max_step(t, path_state)

    def backward(self, drive: PyTree[Any], stages: int) -> PyTree[Any]:
        """As the term."""
        return self.drives.backward(drive, self.own, stages)


class ItoAdjointTerm(AdjointTerm):
    """That of the Stratonovich equation whose solution is that of an Itô equation."""

    def pull_back(self, own: LinearForm, t: RealScalar, at: AdjointState) -> AdjointState:
        """The same of the other equation."""
        return super().pull_back(lambda t, term, y, args: own(t, ito_to_stratonovich(term), y, args), t, at)
