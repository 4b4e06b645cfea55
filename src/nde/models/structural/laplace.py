"""Normal approximations of posterior distributions around their modes."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

Gradient = Callable[[Float[np.ndarray, "batch weights"]], Float[np.ndarray, "batch weights"]]

_STEP = 1e-2
_LEAST_CURVATURE = 0.25
"""Curvatures below this, and negative ones, count as this: parameters vary by a factor of `exp(2)` at most."""


def hessians(
    gradient: Gradient, x: Float[np.ndarray, "series weights"], copies: int
) -> Float[np.ndarray, "series weights weights"]:
    """The Hessians of many functions, by central differences of their gradients.

    Args:
        gradient: The gradients at `copies` points of each function, all points of a function next to each other.
        x: A point of each function.
        copies: How many points of each function one call takes.
    """
    series, size = x.shape
    moves = np.concatenate([_STEP * np.eye(size), -_STEP * np.eye(size)])
    spare = -len(moves) % copies
    moves = np.concatenate([moves, np.zeros((spare, size))]).reshape(-1, copies, size)
    found = [gradient((x[:, None] + move).reshape(-1, size)).reshape(series, copies, size) for move in moves]
    gradients = np.concatenate(found, axis=1)
    rows = (gradients[:, :size] - gradients[:, size : 2 * size]) / (2 * _STEP)
    return (rows + rows.transpose(0, 2, 1)) / 2


def axes_of(hessian: Float[np.ndarray, "weights weights"]) -> Float[np.ndarray, "weights axes"]:
    """The axes of the normal distribution with this curvature at its mode, each a standard deviation long."""
    curvatures, directions = np.linalg.eigh(np.nan_to_num(hessian))
    return directions / np.sqrt(np.maximum(curvatures, _LEAST_CURVATURE))
