"""Maps with known fixed points."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import nde

SOLVERS: dict[str, Any] = {
    "Picard": nde.implicit.Picard(),
    "damped": nde.implicit.Picard(damping=0.7),
    "Anderson": nde.implicit.Anderson(),
    "Anderson, damped": nde.implicit.Anderson(memory=3, damping=0.8),
    "Broyden": nde.implicit.Broyden(),
    "Broyden, little memory": nde.implicit.Broyden(memory=3),
    "NewtonKrylov": nde.implicit.NewtonKrylov(),
    "ReversiblePicard": nde.implicit.ReversiblePicard(),
    "Newton": nde.implicit.Newton(),
    "Chord": nde.implicit.Chord(),
}

SIZE = 5


def weights(norm: float = 0.8) -> np.ndarray:
    """A matrix of that norm, of no symmetry."""
    matrix = np.random.default_rng(0).normal(size=(SIZE, SIZE))
    return norm * matrix / np.linalg.norm(matrix, 2)


def offset() -> np.ndarray:
    return np.random.default_rng(1).normal(size=SIZE)


def linear(x: Any, args: Any) -> Any:
    """Its fixed point solves `(I - W) x = b`."""
    w, b = args
    return w @ x + b


def layer(x: Any, args: Any) -> Any:
    """A layer of a network."""
    w, b = args
    return jnp.tanh(w @ x + b)


@functools.cache
def equilibrium() -> np.ndarray:
    """The fixed point of the layer, by many plain iterations in NumPy."""
    x = np.zeros(SIZE)
    for _ in range(2000):
        x = np.tanh(weights() @ x + offset())
    return x


def arguments(dtype: Any = None) -> tuple[jax.Array, jax.Array]:
    return jnp.asarray(weights(), dtype), jnp.asarray(offset(), dtype)
