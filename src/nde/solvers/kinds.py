"""Kinds of solvers, to ask after with `isinstance`.

What a solver can do it says by its attributes, some of which depend on its settings: a method given by a tableau
estimates its error if the tableau has weights for it. So a solver is of a kind if its attributes say so, whatever it is
derived from; a class is of a kind if its instances with default settings are.
"""

from typing import Any

import equinox as eqx

from nde.solvers.base import AbstractSolver
from nde.terms import AbstractTerm


def _is_solver(kind: type) -> bool:
    """As `issubclass`, which would ask all subclasses in turn, those below among them."""
    return AbstractSolver in kind.__mro__


class _Kind(type(AbstractSolver)):
    def __instancecheck__(cls, instance: Any) -> bool:
        if cls in type(instance).__mro__:
            return True
        asks = _ASKS.get(cls)
        return asks is not None and _is_solver(type(instance)) and asks(instance)

    def __subclasscheck__(cls, subclass: type) -> bool:
        if cls in subclass.__mro__:
            return True
        if cls not in _ASKS or not _is_solver(subclass):
            return False
        try:
            return isinstance(subclass(), cls)
        except TypeError:  # one that is abstract or needs settings: what holds with all settings
            return _ASKS[cls](subclass) is True


class AbstractAdaptiveSolver(AbstractSolver, metaclass=_Kind):
    """A solver that estimates its error, so that `PIDController` can choose its steps.

    Example:
        ```python
        import nde

        assert isinstance(nde.Tsit5(), nde.AbstractAdaptiveSolver)
        assert not isinstance(nde.Euler(), nde.AbstractAdaptiveSolver)
        ```
    """


class AbstractItoSolver(AbstractSolver, metaclass=_Kind):
    """A solver for Itô stochastic differential equations.

    Example:
        ```python
        import nde

        assert isinstance(nde.Euler(), nde.AbstractItoSolver)
        ```
    """


class AbstractStratonovichSolver(AbstractSolver, metaclass=_Kind):
    """A solver for Stratonovich stochastic differential equations.

    Example:
        ```python
        import nde

        assert isinstance(nde.Heun(), nde.AbstractStratonovichSolver)
        ```
    """


class AbstractWrappedSolver(AbstractSolver):
    """A solver that wraps another one.

    Attributes:
        solver: The other.

    Example:
        ```python
        import nde

        assert isinstance(nde.HalfSolver(nde.Euler()), nde.AbstractWrappedSolver)
        ```
    """

    solver: eqx.AbstractVar[AbstractSolver]

    @property
    def calculus(self) -> str:
        """That of the inner method."""
        return self.solver.calculus

    def order(self, terms: AbstractTerm | None = None) -> int:
        """The order of the inner method."""
        return self.solver.order(terms)

    def strong_order(self, terms: AbstractTerm | None = None) -> float:
        """The strong order of the inner method."""
        return self.solver.strong_order(terms)


_ASKS = {
    AbstractAdaptiveSolver: lambda solver: getattr(solver, "adaptive", False),
    AbstractItoSolver: lambda solver: solver.calculus == "ito",
    AbstractStratonovichSolver: lambda solver: solver.calculus == "stratonovich",
}
