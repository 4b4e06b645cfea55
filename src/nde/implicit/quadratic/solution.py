"""What `quadratic_program` returns."""

from typing import Any

import equinox as eqx
from jaxtyping import Array, Float

from nde.core.results import RESULTS


class QuadraticSolution(eqx.Module):
    """The solution of a quadratic program, and the multipliers of its constraints.

    At the solution `P x + q + A'y + G'z - z_lower + z_upper = 0`; multipliers of inequalities are not negative, and
    zero for those that do not bind.

    Attributes:
        value: The variables `x`.
        y: The multipliers of `Ax = b`.
        z: The multipliers of `Gx <= h`.
        z_lower: The multipliers of the lower bounds; without any, of size zero.
        z_upper: The multipliers of the upper bounds; without any, of size zero.
        result: How the solve ended. If it is `RESULTS.infeasible`, `y` and `z` prove it: `A'y + G'z - z_lower +
            z_upper` is zero but for rounding, and `b'y + h'z - lower'z_lower + upper'z_upper` negative. If it is
            `RESULTS.unbounded`, the costs decrease without end in the direction `value`.
        stats: `num_steps`, and `residual`, the largest error of the conditions of optimality.

    Example:
        See `quadratic_program`.
    """

    value: Float[Array, " variables"]
    y: Float[Array, " equalities"]
    z: Float[Array, " inequalities"]
    z_lower: Float[Array, " lower"]
    z_upper: Float[Array, " upper"]
    result: RESULTS
    stats: dict[str, Any]
