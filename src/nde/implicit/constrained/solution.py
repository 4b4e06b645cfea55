"""What `argmin` returns."""

from typing import Any

import equinox as eqx
from jaxtyping import Array, Float, PyTree

from nde.core.results import RESULTS


class ConstrainedSolution(eqx.Module):
    """A minimum, and the multipliers of its constraints.

    At the minimum the gradient of `f + y'g + z'h` is `z_lower - z_upper`; multipliers of inequalities are not negative,
    and zero for those that do not bind.

    Attributes:
        value: The variables, shaped as `x0`; after a failure the point that misses the conditions of optimality least.
        y: The multipliers of `g(x) = 0`, in the order of the numbers that `equalities` returns.
        z: The multipliers of `h(x) <= 0`, likewise.
        z_lower: The multipliers of the lower bounds, shaped as `x0`.
        z_upper: The multipliers of the upper bounds, shaped as `x0`.
        result: How the solve ended.
        stats: `num_steps`, and `residual`, the largest error of the conditions of optimality.

    Example:
        See `argmin`.
    """

    value: PyTree[Any]
    y: Float[Array, " equalities"]
    z: Float[Array, " inequalities"]
    z_lower: PyTree[Any]
    z_upper: PyTree[Any]
    result: RESULTS
    stats: dict[str, Any]
