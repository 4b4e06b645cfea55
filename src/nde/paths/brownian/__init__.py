"""Brownian motion."""

from nde.paths.brownian.base import AbstractBrownianPath
from nde.paths.brownian.increment import BrownianIncrement, SpaceTimeLevyArea, SpaceTimeTimeLevyArea
from nde.paths.brownian.motion import BrownianMotion
from nde.paths.brownian.tree import UnsafeBrownianPath, VirtualBrownianTree

__all__ = [
    "AbstractBrownianPath",
    "BrownianIncrement",
    "BrownianMotion",
    "SpaceTimeLevyArea",
    "SpaceTimeTimeLevyArea",
    "UnsafeBrownianPath",
    "VirtualBrownianTree",
]
