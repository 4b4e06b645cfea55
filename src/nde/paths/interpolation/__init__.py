"""Paths through data."""

from nde.paths.interpolation.base import AbstractInterpolation
from nde.paths.interpolation.cubic import CubicInterpolation
from nde.paths.interpolation.growing import AbstractGrowingPath, GrowingHermite, GrowingLinear, GrowingRectilinear
from nde.paths.interpolation.linear import LinearInterpolation

__all__ = [
    "AbstractGrowingPath",
    "AbstractInterpolation",
    "CubicInterpolation",
    "GrowingHermite",
    "GrowingLinear",
    "GrowingRectilinear",
    "LinearInterpolation",
]
