"""The inputs of a solve, parted by whether derivatives to them are wanted."""

from typing import Any

import equinox as eqx
from jaxtyping import Array, PyTree

from nde.integrate.output import AtTimes
from nde.integrate.problem import Differentiable, Setup


class Inputs(eqx.Module):
    """The inputs of a solve.

    Attributes:
        varying: Those that derivatives are wanted of.
        fixed: The others.
        setup: The constants.
    """

    varying: PyTree[Array | None]
    fixed: PyTree[Any]
    setup: Setup

    @property
    def problem(self) -> Differentiable:
        """The problem that was solved."""
        return self.problem_with(self.varying)

    def problem_with(self, varying: PyTree[Array | None]) -> Differentiable:
        """The problem with other varying inputs."""
        return eqx.combine(varying, self.fixed)

    @property
    def timed(self) -> bool:
        """Whether derivatives of times are wanted."""
        varying = self.varying
        times = [output.ts for output in varying.outputs if isinstance(output, AtTimes)]
        return any(t is not None for t in (varying.t0, varying.t1, varying.landmarks, *times))
