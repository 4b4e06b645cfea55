"""What a solver may report to a step size controller."""

import equinox as eqx

from nde.core.types import RealScalar


class Advice(eqx.Module):
    """What a solver reports to the controller beyond its error estimate; `None` for what it does not report."""

    order: RealScalar | None = None
    step: RealScalar | None = None
    stiffness: RealScalar | None = None
