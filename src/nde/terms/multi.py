"""A sum of terms."""

import functools
from typing import Any, Generic, TypeVar

import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from nde.core import tree
from nde.core.types import Args, BoolScalar, IntScalar, RealScalar, Time, Y
from nde.terms.base import AbstractTerm

Terms = TypeVar("Terms")


class MultiTerm(AbstractTerm, Generic[Terms]):
    """A sum of terms: drift and diffusion of an SDE, in this order.

    What the terms have each on its own, vector fields and controls, is a tuple here.

    Attributes:
        terms: The terms.

    Raises:
        TypeError: If there are none, or one is no term.

    Example:
        ```python
        import jax
        import nde

        drift = nde.ODETerm(lambda t, y, args: -y)
        noise = nde.ControlTerm(lambda t, y, args: 0.1, nde.BrownianMotion((), jax.random.key(0)))
        print(len(nde.MultiTerm(drift, noise).terms))
        ```
    """

    terms: tuple[AbstractTerm, ...]

    def __init__(self, *terms: AbstractTerm) -> None:
        """Make a sum of terms."""
        for term in terms:
            if not isinstance(term, AbstractTerm):
                raise TypeError(
                    f"`MultiTerm` got {_describe(term)}; expected terms such as `nde.ODETerm(drift)` and "
                    "`nde.ControlTerm(diffusion, motion)`, one argument each."
                )
        if not terms:
            raise TypeError("`MultiTerm` got no terms; expected at least one.")
        self.terms = terms

    @property
    def noisy(self) -> bool:
        """Whether one of the terms is driven by noise."""
        return any(term.noisy for term in self.terms)

    @property
    def knots(self) -> tuple[Array, ...]:
        """Those of all terms."""
        return tuple(times for term in self.terms for times in term.knots)

    @property
    def tabulates(self) -> bool:
        """Whether one of the terms does, and none is driven by noise."""
        return not self.noisy and any(term.tabulates for term in self.terms)

    def closed(self, t: RealScalar, y: Y, args: Args) -> "MultiTerm":
        """All terms closed."""
        return MultiTerm(*(term.closed(t, y, args) for term in self.terms))

    def within(self, low: Time, high: Time) -> "MultiTerm":
        """All terms within."""
        return MultiTerm(*(term.within(low, high) for term in self.terms))

    def vf(self, t: RealScalar, y: Y, args: Args) -> tuple[PyTree[Any], ...]:
        """The vector field of each term."""
        return tuple(term.vf(t, y, args) for term in self.terms)

    def contr(self, t0: RealScalar, t1: RealScalar) -> tuple[PyTree[Any], ...]:
        """The increment of each control."""
        return tuple(term.contr(t0, t1) for term in self.terms)

    def prod(self, vf: tuple[PyTree[Any], ...], control: tuple[PyTree[Any], ...]) -> Y:
        """The sum of the products."""
        return _total([term.prod(f, x) for term, f, x in zip(self.terms, vf, control, strict=True)])

    def applied(self, vf: tuple[PyTree[Any], ...], y: Y, control: tuple[PyTree[Any], ...]) -> Y:
        """The sum of the products, for a state shaped as `y`."""
        return _total([term.applied(f, y, x) for term, f, x in zip(self.terms, vf, control, strict=True)])

    def vf_prod(self, t: RealScalar, y: Y, args: Args, control: tuple[PyTree[Any], ...]) -> Y:
        """The sum of the products at `(t, y)`."""
        return self.applied(self.vf(t, y, args), y, control)

    def derivative(self, t: RealScalar, y: Y, args: Args) -> Y:
        """The sum of the derivatives; with noise, of their absolute values."""
        derivatives = [term.derivative(t, y, args) for term in self.terms]
        return _total([tree.magnitudes(each) for each in derivatives] if self.noisy else derivatives)

    def slope(self, vf: tuple[PyTree[Any], ...], y: Y, drive: tuple[PyTree[Any], ...], stage: int) -> Y:
        """The change of the state over the step, were it the same everywhere."""

        def change(term: AbstractTerm, f: PyTree[Any], d: PyTree[Any]) -> Y:
            slope, scale = term.slope(f, y, d, stage), term.scale(d)
            return slope if isinstance(scale, float) and scale == 1 else tree.scaled(slope, scale)

        return _total([change(term, f, d) for term, f, d in zip(self.terms, vf, drive, strict=True)])

    def scale(self, drive: tuple[PyTree[Any], ...]) -> RealScalar:
        """One: slopes hold the increments already."""
        del drive
        return 1.0

    def backward(self, drive: tuple[PyTree[Any], ...], stages: int) -> tuple[PyTree[Any], ...]:
        """That of each term."""
        return tuple(term.backward(d, stages) for term, d in zip(self.terms, drive, strict=True))

    def begin(
        self, t0: RealScalar, step: IntScalar | int = 0, may_reject: bool = False, forward: BoolScalar | bool = True
    ) -> tuple[PyTree[Any], ...]:
        """The state of each path."""
        return tuple(term.begin(t0, step, may_reject, forward) for term in self.terms)

    def redrawable(self, may_reject: bool) -> bool:
        """Whether all drives can be made again."""
        return all(term.redrawable(may_reject) for term in self.terms)

    def prepare(
        self,
        t: RealScalar,
        end: RealScalar,
        h: RealScalar,
        nodes: tuple[float, ...],
        needs: frozenset[str],
        path_state: tuple[Any, ...],
    ) -> tuple[tuple[PyTree[Any], ...], tuple[PyTree[Any], ...]]:
        """The drive of each term and the next state of each path."""
        prepared = [term.prepare(t, end, h, nodes, needs, p) for term, p in zip(self.terms, path_state, strict=True)]
        return tuple(drive for drive, _ in prepared), tuple(p for _, p in prepared)

    def commit(self, accepted: BoolScalar, old: tuple[Any, ...], new: tuple[Any, ...]) -> tuple[PyTree[Any], ...]:
        """The state of each path after the step was accepted or rejected."""
        return tuple(term.commit(accepted, o, n) for term, o, n in zip(self.terms, old, new, strict=True))

    def max_step(self, t: RealScalar, path_state: tuple[Any, ...]) -> Float[Array, ""] | None:
        """The least of all paths."""
        limits = [term.max_step(t, p) for term, p in zip(self.terms, path_state, strict=True)]
        known = [limit for limit in limits if limit is not None]
        return functools.reduce(jnp.minimum, known) if known else None


def _describe(term: Any) -> str:
    return f"the class {term.__name__}" if isinstance(term, type) else f"a {type(term).__name__}"


def _total(changes: list[Y]) -> Y:
    return functools.reduce(tree.add, changes)
