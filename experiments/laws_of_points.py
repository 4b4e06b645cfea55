"""Two-dimensional distributions for density estimation."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

Points = Float[np.ndarray, "points 2"]


def two_moons(count: int, random: np.random.Generator) -> Points:
    """Two interleaved half circles of radius 1, with noise of standard deviation 0.1; scaled by two."""
    angle, second = random.uniform(0.0, np.pi, count), random.random(count) < 0.5
    x = np.where(second, 1.0 - np.cos(angle), np.cos(angle)) - 0.5
    y = np.where(second, 0.5 - np.sin(angle), np.sin(angle)) - 0.25
    return 2.0 * (np.stack([x, y], axis=1) + random.normal(0.0, 0.1, (count, 2)))


def eight_gaussians(count: int, random: np.random.Generator) -> Points:
    """Normal distributions with standard deviation 0.35 at the corners of an octagon of radius 2.8."""
    angle = np.pi / 4 * random.integers(8, size=count)
    return 2.8 * np.stack([np.cos(angle), np.sin(angle)], axis=1) + random.normal(0.0, 0.35, (count, 2))


def pinwheel(count: int, random: np.random.Generator) -> Points:
    """Five arms that bend with the distance from the center."""
    along, across = 2.0 * random.normal(1.0, 0.3, count), 2.0 * random.normal(0.0, 0.1, count)
    angle = 2 * np.pi / 5 * random.integers(5, size=count) + 0.25 * np.exp(along / 2.0)
    x = along * np.cos(angle) - across * np.sin(angle)
    return np.stack([x, along * np.sin(angle) + across * np.cos(angle)], axis=1)


def checkerboard(count: int, random: np.random.Generator) -> Points:
    """Uniform on eight of sixteen squares of side 2."""
    column, row = random.integers(4, size=count), random.integers(2, size=count)
    corner = np.stack([column, 2 * row + column % 2], axis=1)
    return 2.0 * (corner + random.random((count, 2))) - 4.0


LAWS: dict[str, Callable[[int, np.random.Generator], Points]] = {
    "two moons": two_moons,
    "eight Gaussians": eight_gaussians,
    "pinwheel": pinwheel,
    "checkerboard": checkerboard,
}
"""By name, a function from a number of points and a random generator to points."""
