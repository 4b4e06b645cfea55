"""The `nde` sides."""

from typing import Any

import jax

import nde
from benchmarks.peers.jax_library import JaxLibrary
from benchmarks.problem import Problem


def _motion(problem: Problem, shape: tuple[int, ...], key: jax.Array) -> Any:
    assert problem.noise is not None
    area = nde.SpaceTimeLevyArea if problem.noise.areas else nde.BrownianIncrement
    return nde.BrownianMotion(shape, key, levy_area=area)


OURS = JaxLibrary("nde", nde, motion=_motion)
