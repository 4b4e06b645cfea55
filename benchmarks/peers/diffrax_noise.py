"""Diffrax for SDEs: with its tree, which can be evaluated again for a gradient, and with a path that cannot."""

from typing import Any

import diffrax
import jax

from benchmarks.peers.diffrax import candidates
from benchmarks.peers.jax_library import JaxLibrary, Setting
from benchmarks.problem import Problem

FINENESS = 1e-3
"""The tolerance of the tree for adaptive steps, as a fraction of the interval."""


def _tree(problem: Problem, shape: tuple[int, ...], key: jax.Array) -> Any:
    """The coarsest tolerance that the steps allow: half a constant step."""
    fine = FINENESS * problem.t1 if problem.tolerance is not None else problem.dt0 / 2
    return diffrax.VirtualBrownianTree(0.0, problem.t1, fine, shape, key, levy_area=_area(problem))


def _unsafe(problem: Problem, shape: tuple[int, ...], key: jax.Array) -> Any:
    return diffrax.UnsafeBrownianPath(shape, key, levy_area=_area(problem))


def _area(problem: Problem) -> Any:
    assert problem.noise is not None
    return diffrax.SpaceTimeLevyArea if problem.noise.areas else diffrax.BrownianIncrement


def _default_and_tuned(problem: Problem) -> tuple[Setting, ...]:
    return (Setting("default"), *candidates(problem))


DIFFRAX_TREE = JaxLibrary("Diffrax VirtualBrownianTree", diffrax, _default_and_tuned, motion=_tree)
DIFFRAX_UNSAFE = JaxLibrary("Diffrax UnsafeBrownianPath", diffrax, candidates, motion=_unsafe)
