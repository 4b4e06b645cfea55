"""Paths through data."""

from nde.paths.interpolation.base import AbstractGlobalInterpolation, AbstractInterpolation
from nde.paths.interpolation.cubic import CubicInterpolation
from nde.paths.interpolation.fill_linear import linear_interpolation
from nde.paths.interpolation.growing import AbstractGrowingPath, GrowingHermite, GrowingLinear, GrowingRectilinear
from nde.paths.interpolation.hermite import backward_hermite_coefficients
from nde.paths.interpolation.integrals import with_integrals
from nde.paths.interpolation.linear import LinearInterpolation
from nde.paths.interpolation.natural import natural_cubic_coefficients
from nde.paths.interpolation.rectilinear import rectilinear_interpolation

__all__ = [
    "AbstractGlobalInterpolation",
    "AbstractGrowingPath",
    "AbstractInterpolation",
    "CubicInterpolation",
    "GrowingHermite",
    "GrowingLinear",
    "GrowingRectilinear",
    "LinearInterpolation",
    "backward_hermite_coefficients",
    "linear_interpolation",
    "natural_cubic_coefficients",
    "rectilinear_interpolation",
    "with_integrals",
]
