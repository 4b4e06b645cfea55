"""Hypersolvers: an explicit Runge-Kutta method, and a network that learned the error of its steps."""

from collections.abc import Callable
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import PyTree

from nde.core import tree
from nde.core.closure import closure_convert
from nde.core.describe import describe
from nde.core.polynomial import Polynomial
from nde.core.types import Args, RealScalar, Y
from nde.solvers.base import AbstractSolver, StepOut, StepStart
from nde.solvers.euler import Euler
from nde.solvers.heun import Heun
from nde.solvers.kinds import AbstractWrappedSolver
from nde.solvers.midpoint import Midpoint
from nde.solvers.runge_kutta import ExplicitRungeKutta
from nde.terms import AbstractTerm
from nde.terms.fit import check_change

Network = Callable[[RealScalar, Y, Args, RealScalar, tuple[Y, ...]], Y]
"""A function `(t, y, args, h, stages)`, whose result is shaped as the state."""

_ROUNDING = 1e-3
"""By which share of a step its size may differ from one that the network was fitted for."""
_HERMITE = ((1.0, -2.0, 1.0), (0.0, 3.0, -2.0), (0.0, -1.0, 1.0))
"""Weights of the slope at the start of a step, of the change over it, and of the slope at its end."""


class Hyper(AbstractWrappedSolver):
    """A hypersolver: a step of an explicit Runge-Kutta method of order p, corrected by a network.

        y1 = y + h sum_i b_i k_i + h^(p + 1) network(t, y, args, h, (k_1, ..., k_s))

    The network replaces the leading term of the local error. With any bounded network the order is still p, that of the
    method. If the network is off by at most `δ`, the local error is at most `δ h^(p + 1)`: a network that was fitted to
    one equation makes large steps accurate. `nde.models.fit_hypersolver` fits one. Values inside a step are by cubic
    Hermite interpolation between its corrected ends, which evaluates the vector field once more.

    For ODEs and smooth controls, with steps of constant or given sizes: the error estimate of the method says nothing
    of a corrected step. All adjoints differentiate through the steps, to the arrays of the network too, but for
    `BacksolveAdjoint` and `InterpolatedAdjoint`: they solve the adjoint equation with the method itself.

    **A network knows only the step sizes that it was fitted for.** With others, also a shorter last step, the step is
    that of the method without correction, and `diffeqsolve` warns of it if the sizes are Python numbers or arrays
    that are not traced. Under `jax.jit`, where they are traced, there is no warning.

    Attributes:
        solver: The method: `Euler()`, `Heun()`, `Tsit5()` or another `ExplicitRungeKutta`.
        network: Any function or Equinox module `(t, y, args, h, stages)` whose result is shaped as `y`. `stages` is the
            tuple of all slopes of the step: derivatives of the state, or, for a `ControlTerm` as it is, increments.
        steps: The least and greatest step size that the network was fitted for, with their sign; by default any size.

    Raises:
        TypeError: If the solver is of another kind, or the network no function; for noise.
        ValueError: If the result of the network is not shaped as the state, or `steps` are not two sizes of one sign.

    Source: Poli, Massaroli, Yamashita, Asama and Park, *Hypersolvers: toward fast continuous-depth models* (2020),
    doi:10.48550/arXiv.2007.09601.

    Example:
        ```python
        import nde

        def correction(t, y, args, h, stages):
            return y / 2  # of y' = y, for which the local error of a step is h**2 y / 2 and more

        solver = nde.Hyper(nde.Euler(), correction)
        print(nde.diffeqsolve(nde.ODETerm(lambda t, y, args: y), solver, 0.0, 1.0, 0.1, 1.0).ys)
        ```
    """

    solver: ExplicitRungeKutta
    network: Network
    steps: tuple[float, float] | None = eqx.field(static=True)
    adaptive: ClassVar[bool] = False

    def __init__(self, solver: AbstractSolver, network: Network, steps: tuple[float, float] | None = None) -> None:
        """Make a solver.

        Args:
            solver: The method.
            network: The correction, as above.
            steps: The range of step sizes that it was fitted for.
        """
        if not isinstance(solver, ExplicitRungeKutta):
            raise TypeError(
                f"`{type(self).__name__}` got {describe(solver)} as `solver`; expected an explicit Runge-Kutta method, "
                "such as `nde.Heun()`: the network corrects a weighted sum of slopes."
            )
        if not callable(network):
            raise TypeError(
                f"`{type(self).__name__}` got {describe(network)} as `network`; expected a function or module "
                "`(t, y, args, h, stages)`, such as `nde.nn.CorrectionMLP(y0, stages=2, key=key)`."
            )
        self.solver, self.network = solver, network
        self.steps = None if steps is None else _range_of(type(self).__name__, *steps)

    @property
    def nodes(self) -> tuple[float, ...]:
        """Those of the stages, and the end of the step, for values inside it."""
        return (0.0, *self.solver.tableau.c, 1.0)

    @property
    def calculus(self) -> str:
        """`"none"`: not for noise."""
        return "none"

    @property
    def of_adjoint(self) -> AbstractSolver:
        """The method itself: the network knows only states of the equation that it was fitted to."""
        return self.solver

    @property
    def fitted_steps(self) -> tuple[float, float] | None:
        """The range of step sizes that the network was fitted for, widened by rounding."""
        if self.steps is None:
            return None
        low, high = self.steps
        return low - _ROUNDING * abs(low), high + _ROUNDING * abs(high)

    def strong_order(self, terms: AbstractTerm | None = None) -> float:
        """None.

        Raises:
            TypeError: It is not for noise.
        """
        return AbstractSolver.strong_order(self, terms)

    def specialize(self, terms: AbstractTerm, t: RealScalar, y: Y, args: Args) -> "Hyper":
        """The solver with its network traced once.

        Raises:
            TypeError: For noise, or if the network returns what the state cannot hold.
            ValueError: If the network returns another structure or other shapes than those of the state.
        """
        name = type(self).__name__
        if terms.noisy:
            raise TypeError(f"`{name}` got noise; a network corrects steps of ODEs and CDEs. Use `nde.Heun()`, say.")
        network = closure_convert(self.network, t, y, args, t, (y,) * self.solver.tableau.stages)
        check_change(f"The network of `{name}`", eqx.combine(network.shapes, network.rest), y)
        return eqx.tree_at(lambda s: s.network, self, network)

    def init_cache(self, terms: AbstractTerm, t: RealScalar, y: Y, args: Args, state: PyTree[Any]) -> None:
        """None: the last slope of a step is at its end without the correction."""
        del terms, t, y, args, state

    def step(
        self,
        terms: AbstractTerm,
        start: StepStart,
        args: Args,
        drive: PyTree[Any],
        t: RealScalar,
        h: RealScalar,
    ) -> StepOut:
        """The step of the method, and its correction."""
        out = self.solver.step(terms, StepStart(start.y, start.solver_state), args, drive, t, h)
        correction = self._correction(t, start.y, args, h, out.stages)
        y1 = tree.add(out.y, correction)
        return StepOut(y=y1, error=None, stages=(out.stages, correction), cache=None, state=start.solver_state)

    def interpolant(
        self, terms: AbstractTerm, y: Y, args: Args, drive: PyTree[Any], t: RealScalar, h: RealScalar, stages: PyTree
    ) -> Polynomial:
        """The cubic polynomial with the corrected change of the step, and the slopes at both ends."""
        slopes, correction = stages
        scale, weights = terms.scale(drive), self.solver.tableau.b_sol
        change = tree.add(tree.combine(scale, weights, slopes), correction)
        field = terms.vf(t + h, tree.add(y, change), args)
        last = terms.slope(field, y, drive, len(self.nodes) - 1)
        return Polynomial(1.0, (tree.scaled(slopes[0], scale), change, tree.scaled(last, scale)), _HERMITE)

    def _correction(self, t: RealScalar, y: Y, args: Args, h: RealScalar, stages: tuple[Y, ...]) -> Y:
        """What the network adds to a step; nothing if it is of a size that the network does not know."""
        factor, known = h ** (self.order() + 1), h
        if self.fitted_steps is not None:
            known = jnp.clip(h, *self.fitted_steps)
            factor = jnp.where(known == h, factor, 0.0)
        return tree.scaled(self.network(t, y, args, known, stages), factor)


class HyperEuler(Hyper):
    """`Hyper(Euler(), network)`: one evaluation of the vector field a step, of order 1.

    Args:
        network: A function or module `(t, y, args, h, stages)`.
        steps: The range of step sizes that it was fitted for.

    Source: Poli, Massaroli, Yamashita, Asama and Park (2020), doi:10.48550/arXiv.2007.09601.

    Example:
        ```python
        import nde

        solver = nde.HyperEuler(lambda t, y, args, h, stages: -stages[0] / 2)
        print(nde.diffeqsolve(nde.ODETerm(lambda t, y, args: -y), solver, 0.0, 1.0, 0.1, 1.0).ys)
        ```
    """

    def __init__(self, network: Network, steps: tuple[float, float] | None = None) -> None:
        super().__init__(Euler(), network, steps)


class HyperMidpoint(Hyper):
    """`Hyper(Midpoint(), network)`: two evaluations of the vector field a step, of order 2.

    Args:
        network: A function or module `(t, y, args, h, stages)`.
        steps: The range of step sizes that it was fitted for.

    Source: Poli, Massaroli, Yamashita, Asama and Park (2020), doi:10.48550/arXiv.2007.09601.

    Example:
        ```python
        import nde

        solver = nde.HyperMidpoint(lambda t, y, args, h, stages: stages[0] / 6)
        print(nde.diffeqsolve(nde.ODETerm(lambda t, y, args: -y), solver, 0.0, 1.0, 0.1, 1.0).ys)
        ```
    """

    def __init__(self, network: Network, steps: tuple[float, float] | None = None) -> None:
        super().__init__(Midpoint(), network, steps)


class HyperHeun(Hyper):
    """`Hyper(Heun(), network)`: two evaluations of the vector field a step, of order 2.

    Args:
        network: A function or module `(t, y, args, h, stages)`.
        steps: The range of step sizes that it was fitted for.

    Source: Poli, Massaroli, Yamashita, Asama and Park (2020), doi:10.48550/arXiv.2007.09601.

    Example:
        ```python
        import nde

        solver = nde.HyperHeun(lambda t, y, args, h, stages: stages[0] / 6)
        print(nde.diffeqsolve(nde.ODETerm(lambda t, y, args: -y), solver, 0.0, 1.0, 0.1, 1.0).ys)
        ```
    """

    def __init__(self, network: Network, steps: tuple[float, float] | None = None) -> None:
        super().__init__(Heun(), network, steps)


def _range_of(name: str, low: float, high: float) -> tuple[float, float]:
    """The least and the greatest of two step sizes.

    Raises:
        ValueError: If they are not of one sign.
    """
    low, high = sorted((float(low), float(high)))
    if not low * high > 0:
        raise ValueError(
            f"`{name}` got `steps=({low}, {high})`; expected the least and the greatest step size that the network was "
            "fitted for, both positive, or both negative for solves backward in time."
        )
    return low, high
