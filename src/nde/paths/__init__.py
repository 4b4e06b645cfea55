"""Everything that varies with time: what drives a term, and what a solve returns."""

from nde.paths.base import AbstractPath
from nde.paths.brownian import (
    AbstractBrownianPath,
    BrownianIncrement,
    BrownianInterval,
    BrownianMotion,
    DavieLevyArea,
    FosterLevyArea,
    FullLevyArea,
    SpaceTimeLevyArea,
    SpaceTimeTimeLevyArea,
    UnsafeBrownianPath,
    VirtualBrownianTree,
)
from nde.paths.interpolation import (
    AbstractGrowingPath,
    AbstractInterpolation,
    CubicInterpolation,
    GrowingHermite,
    GrowingLinear,
    GrowingRectilinear,
    LinearInterpolation,
    backward_hermite_coefficients,
    linear_interpolation,
    natural_cubic_coefficients,
    rectilinear_interpolation,
    with_integrals,
)
from nde.paths.time import TimePath

__all__ = [
    "AbstractBrownianPath",
    "AbstractGrowingPath",
    "AbstractInterpolation",
    "AbstractPath",
    "BrownianIncrement",
    "BrownianInterval",
    "BrownianMotion",
    "CubicInterpolation",
    "DavieLevyArea",
    "FosterLevyArea",
    "FullLevyArea",
    "GrowingHermite",
    "GrowingLinear",
    "GrowingRectilinear",
    "LinearInterpolation",
    "SpaceTimeLevyArea",
    "SpaceTimeTimeLevyArea",
    "TimePath",
    "UnsafeBrownianPath",
    "VirtualBrownianTree",
    "backward_hermite_coefficients",
    "linear_interpolation",
    "natural_cubic_coefficients",
    "rectilinear_interpolation",
    "with_integrals",
]
