"""Everything that varies with time: what drives a term, and what a solve returns."""

from nde.paths.base import AbstractPath
from nde.paths.time import TimePath

__all__ = ["AbstractPath", "TimePath"]
