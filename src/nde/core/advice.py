"""What a solver may tell a controller."""

import equinox as eqx

from nde.core.types import RealScalar


class Advice(eqx.Module):
    """What a solver has to say to the controller beyond its error estimate; `None` where it has nothing to say."""

    order: RealScalar | None = None
    step: RealScalar | None = None
    stiffness: RealScalar | None = None
