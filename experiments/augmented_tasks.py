"""Points that a neural ODE cannot fit without extra dimensions, and what it learned of them."""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from nde.models import AugmentedNeuralODE

INNER, BETWEEN, OUTER = 0.5, 1.0, 1.5
"""The radius of the ball, and the two radii of the shell."""


@dataclasses.dataclass(frozen=True)
class Task:
    """Points and their target values.

    Attributes:
        name: Its name in the table.
        size: The dimension of a point.
        draw: Draws points and their target values.
        reads: Whether a learned linear map reads the value from the state; otherwise the state is the value.
    """

    name: str
    size: int
    draw: Callable[[PRNGKeyArray, int], tuple[Array, Array]]
    reads: bool


@dataclasses.dataclass(frozen=True)
class Trained:
    """One task learned by one type of model, with several seeds.

    Attributes:
        task: The task.
        augmented_size: The number of added dimensions.
        losses: The mean squared error in every step.
        errors: The mean squared error on test points, for each seed.
        accuracy: The share of test points with the right sign, for each seed.
        evaluations: The number of vector-field evaluations per point, for each seed.
        bound: The lower bound of the error for models without augmentation; unknown in two dimensions.
        model: The model of the first seed.
    """

    task: Task
    augmented_size: int
    losses: Float[np.ndarray, "seeds steps"]
    errors: Float[np.ndarray, " seeds"]
    accuracy: Float[np.ndarray, " seeds"]
    evaluations: Float[np.ndarray, " seeds"]
    bound: float | None
    model: AugmentedNeuralODE


def points_of_the_line(key: PRNGKeyArray, count: int) -> tuple[Array, Array]:
    """Evenly spaced points from -1 to 1, and their negatives."""
    del key
    x = jnp.linspace(-1.0, 1.0, count)[:, None]
    return x, -x


def spheres(size: int) -> Callable[[PRNGKeyArray, int], tuple[Array, Array]]:
    """Half the points in a ball, with target -1; half in a shell around it, with target 1."""

    def draw(key: PRNGKeyArray, count: int) -> tuple[Array, Array]:
        directions, radii = jax.random.split(key)
        inside = jnp.arange(count) < count // 2
        ways = jax.random.normal(directions, (count, size))
        share = jax.random.uniform(radii, (count,))
        low, high = jnp.where(inside, 0.0, BETWEEN), jnp.where(inside, INNER, OUTER)
        radius = (low**size + share * (high**size - low**size)) ** (1 / size)
        x = radius[:, None] * ways / jnp.linalg.norm(ways, axis=1, keepdims=True)
        return x, jnp.where(inside, -1.0, 1.0)[:, None]

    return draw


TASKS = (
    Task("x ↦ −x", 1, points_of_the_line, reads=False),
    Task("spheres in 1-D", 1, spheres(1), reads=True),
    Task("spheres in 2-D", 2, spheres(2), reads=True),
)
