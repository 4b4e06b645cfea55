"""Brownian motion."""

from nde.paths.brownian.base import AbstractBrownianPath
from nde.paths.brownian.increment import (
    AbstractBrownianIncrement,
    AbstractSpaceTimeLevyArea,
    AbstractSpaceTimeTimeLevyArea,
    BrownianIncrement,
    DavieLevyArea,
    FosterLevyArea,
    FullLevyArea,
    SpaceTimeLevyArea,
    SpaceTimeTimeLevyArea,
)
from nde.paths.brownian.interval import BrownianInterval
from nde.paths.brownian.motion import BrownianMotion
from nde.paths.brownian.tree import VirtualBrownianTree
from nde.paths.brownian.unsafe import UnsafeBrownianPath

__all__ = [
    "AbstractBrownianIncrement",
    "AbstractBrownianPath",
    "AbstractSpaceTimeLevyArea",
    "AbstractSpaceTimeTimeLevyArea",
    "BrownianIncrement",
    "BrownianInterval",
    "BrownianMotion",
    "DavieLevyArea",
    "FosterLevyArea",
    "FullLevyArea",
    "SpaceTimeLevyArea",
    "SpaceTimeTimeLevyArea",
    "UnsafeBrownianPath",
    "VirtualBrownianTree",
]
