"""Minimize many functions of a few weights side by side."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float

Batch = Float[np.ndarray, "batch weights"]
Objective = Callable[[Batch], tuple[Float[np.ndarray, " batch"], Batch]]

_FIRST_STEP = 0.05
"""The scale of the first inverse Hessian."""
_LONGEST_STEP = 2.0
_SUFFICIENT = 1e-4
"""The share of the predicted decrease that a step must reach."""
_SHRINK = 0.3
_SHORTEST = 1e-4


def minimize_batch(
    objective: Objective, starts: Batch, *, steps: int = 60, tolerance: float = 1e-2
) -> tuple[Batch, Float[np.ndarray, " batch"]]:
    """Minimize functions by the method of Broyden, Fletcher, Goldfarb and Shanno with backtracking, all in step.

    All functions are evaluated together, once per step, and the algebra of a step is done on the host, so that only the
    objective is compiled.

    Args:
        objective: Returns the values and gradients of all functions at one point each.
        starts: Where to begin, with weights of about unit scale.
        steps: The maximum number of steps.
        tolerance: A function is done if a step decreases it by less than this.

    Returns:
        The points found, and the values there. Where a function is not finite at its start, so is the value.

    Source: Nocedal and Wright, *Numerical Optimization* (2006), chapter 6, doi:10.1007/978-0-387-40065-5.

    Example:
        ```python
        import numpy as np
        from nde.train.quasi_newton import minimize_batch

        targets = np.array([[1.0, 2.0], [3.0, 4.0]])
        x, values = minimize_batch(lambda x: (((x - targets) ** 2).sum(axis=1), 2 * (x - targets)), np.zeros((2, 2)))
        print(x.round(2))
        ```
    """
    x = starts.astype(np.float64)
    value, gradient = objective(x)
    hessian = np.tile(_FIRST_STEP * np.eye(x.shape[1]), (len(x), 1, 1))
    length, fresh = np.ones(len(x)), np.ones(len(x), bool)
    live = np.isfinite(value) & np.isfinite(gradient).all(axis=1)
    for _ in range(steps):
        if not live.any():
            break
        step = length[:, None] * -_times(hessian, gradient)
        step *= np.minimum(1.0, _LONGEST_STEP / np.maximum(np.abs(step).max(axis=1), _LONGEST_STEP))[:, None]
        step = np.where(live[:, None], step, 0.0)
        new_value, new_gradient = objective(x + step)
        expected = np.sum(np.where(live[:, None], gradient, 0.0) * step, axis=1)
        with np.errstate(invalid="ignore"):
            good = live & np.isfinite(new_gradient).all(axis=1) & (new_value <= value + _SUFFICIENT * expected)
        hessian, fresh = _improve(hessian, fresh, good, step, new_gradient - gradient)
        live &= ~(good & (value - np.where(good, new_value, 0.0) < tolerance))
        x, gradient = np.where(good[:, None], x + step, x), np.where(good[:, None], new_gradient, gradient)
        value = np.where(good, new_value, value)
        length = np.where(good, 1.0, _SHRINK * length)
        live &= length > _SHORTEST
    return x, value


def _times(matrices: Float[np.ndarray, "batch weights weights"], vectors: Batch) -> Batch:
    return np.einsum("bij,bj->bi", matrices, vectors)


def _improve(
    hessian: Float[np.ndarray, "batch weights weights"],
    fresh: Bool[np.ndarray, " batch"],
    good: Bool[np.ndarray, " batch"],
    step: Batch,
    change: Batch,
) -> tuple[Float[np.ndarray, "batch weights weights"], Bool[np.ndarray, " batch"]]:
    """Update the inverse Hessians where a step was taken along positive curvature."""
    change = np.where(good[:, None], change, 0.0)
    curvature = np.sum(step * change, axis=1)
    useful = good & (curvature > 1e-10)
    safe = np.where(useful, curvature, 1.0)
    identity = np.eye(step.shape[1])
    scale = safe / np.where(useful, np.sum(change**2, axis=1), 1.0)
    first = (useful & fresh)[:, None, None]
    hessian = np.where(first, scale[:, None, None] * identity, hessian)
    left = identity - step[:, :, None] * change[:, None, :] / safe[:, None, None]
    new = left @ hessian @ left.transpose(0, 2, 1) + step[:, :, None] * step[:, None, :] / safe[:, None, None]
    return np.where(useful[:, None, None], new, hessian), fresh & ~useful
