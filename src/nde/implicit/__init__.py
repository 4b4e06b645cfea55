"""Deep implicit layers: fixed points, roots, minima and quadratic programs, with their derivatives."""

from nde.implicit._derivative_result import derivative_result
from nde.implicit._fixed_point import fixed_point
from nde.implicit._least_squares import least_squares
from nde.implicit._minimize import minimize
from nde.implicit.anderson import Anderson
from nde.implicit.broyden import Broyden
from nde.implicit.constrained import ConstrainedSolution, argmin
from nde.implicit.gradients import (
    AbstractFixedPointGradient,
    ImplicitGradient,
    OneStepGradient,
    PhantomGradient,
    ReversibleGradient,
    UnrolledGradient,
)
from nde.implicit.linear_fixed_point import LinearFixedPoint
from nde.implicit.newton_krylov import NewtonKrylov
from nde.implicit.picard import Picard
from nde.implicit.quadratic import (
    AbstractConvexSet,
    OptNet,
    Polytope,
    QuadraticSolution,
    SecondOrderCone,
    Simplex,
    projection,
    quadratic_program,
)
from nde.implicit.reversible_picard import ReversiblePicard
from nde.roots import (
    GMRES,
    AbstractIterativeSolver,
    AbstractLinearSolver,
    Bisection,
    Chord,
    Dense,
    IterativeSolution,
    Newton,
    root,
)

__all__ = [
    "GMRES",
    "AbstractConvexSet",
    "AbstractFixedPointGradient",
    "AbstractIterativeSolver",
    "AbstractLinearSolver",
    "Anderson",
    "Bisection",
    "Broyden",
    "Chord",
    "ConstrainedSolution",
    "Dense",
    "ImplicitGradient",
    "IterativeSolution",
    "LinearFixedPoint",
    "Newton",
    "NewtonKrylov",
    "OneStepGradient",
    "OptNet",
    "PhantomGradient",
    "Picard",
    "Polytope",
    "QuadraticSolution",
    "ReversibleGradient",
    "ReversiblePicard",
    "SecondOrderCone",
    "Simplex",
    "UnrolledGradient",
    "argmin",
    "derivative_result",
    "fixed_point",
    "least_squares",
    "minimize",
    "projection",
    "quadratic_program",
    "root",
]
