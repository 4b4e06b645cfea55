"""A multilayer perceptron as the network of a hypersolver."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from nde.core.tree import common_dtype, constant, real_dtype
from nde.core.types import Args, RealScalar, Y
from nde.nn.last_layer import scaled_last_layer
from nde.nn.precision import precise_as

_SMALL = 1e-2
"""The factor of the last layer's initial weights: a correction starts near zero."""


class CorrectionMLP(eqx.Module):
    """A multilayer perceptron of step size, time, state and all slopes of a step: the network of a `nde.Hyper`.

    Numbers of the state may be in any pytree; a complex number is two of them. Inputs are standardized and the output
    is multiplied by numbers that are not trained; `nde.models.fit_hypersolver` sets them by its data.

    Args:
        y: A state, of which the structure, shapes and dtypes count, not the values.
        stages: Number of slopes in a step: 1 of `Euler`, 2 of `Heun` and `Midpoint`.
        width: Width of the hidden layers.
        depth: Number of hidden layers.
        activation: Activation after each hidden layer.
        key: A `jax.random` key for the weights.

    Attributes:
        network: The multilayer perceptron. Its last layer starts near zero.
        center: What is subtracted from the inputs, of shape `(2 + (1 + stages) numbers,)`.
        spread: What they are then divided by.
        scale: What the outputs are multiplied by, of shape `(numbers,)`.

    Source: Poli, Massaroli, Yamashita, Asama and Park, *Hypersolvers: toward fast continuous-depth models* (2020),
    doi:10.48550/arXiv.2007.09601.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde

        y0 = jnp.ones(2)
        network = nde.nn.CorrectionMLP(y0, stages=2, width=16, depth=1, key=jax.random.key(0))
        solver = nde.HyperHeun(network)
        print(nde.diffeqsolve(nde.ODETerm(lambda t, y, args: -y), solver, 0.0, 1.0, 0.25, y0).ys)
        ```
    """

    network: eqx.nn.MLP
    center: Float[Array, " inputs"]
    spread: Float[Array, " inputs"]
    scale: Float[Array, " numbers"]
    stages: int = eqx.field(static=True)

    def __init__(
        self,
        y: Y,
        stages: int,
        width: int = 64,
        depth: int = 2,
        *,
        activation: Callable[[Array], Array] = jax.nn.silu,
        key: PRNGKeyArray,
    ) -> None:
        numbers = to_numbers(jax.tree.map(jnp.zeros_like, y)).size
        inputs = 2 + (1 + stages) * numbers
        network = eqx.nn.MLP(inputs, numbers, width, depth, activation, key=key)
        self.network = scaled_last_layer(network, _SMALL)
        self.center, self.spread, self.scale = jnp.zeros(inputs), jnp.ones(inputs), jnp.ones(numbers)
        self.stages = stages

    def __call__(self, t: RealScalar, y: Y, args: Args, h: RealScalar, stages: tuple[Y, ...]) -> PyTree[Array]:
        """Compute the correction, shaped as the state and in its precision.

        Args:
            t: The time at the start of the step.
            y: The state there.
            args: Not used.
            h: The step size.
            stages: The slopes of the step.

        Raises:
            ValueError: If the state has another size, or the step another number of slopes.
        """
        del args
        state = to_numbers(y)
        if len(stages) != self.stages or state.size != self.scale.size:
            raise ValueError(
                f"`CorrectionMLP` was made for {self.stages} slopes of {self.scale.size} numbers; got {len(stages)} of "
                f"{state.size}. A hypersolver is for the equation that it was fitted to."
            )
        inputs = jnp.concatenate([inputs_of(t, h), state, *map(to_numbers, stages)], dtype=state.dtype)
        network, (center, spread, scale) = precise_as(
            state, (self.network, constant((self.center, self.spread, self.scale)))
        )
        return from_numbers(scale * network((inputs - center) / spread), y)


def inputs_of(t: RealScalar, h: RealScalar) -> Float[Array, " 2"]:
    """Time and step size."""
    return jnp.stack([jnp.asarray(t), jnp.asarray(h, jnp.asarray(t).dtype)])


def to_numbers(y: PyTree[Any]) -> Float[Array, " numbers"]:
    """All real numbers of a pytree, in one precision; a complex one is two."""
    leaves = [jnp.asarray(leaf) for leaf in jax.tree.leaves(y)]
    dtype = common_dtype(*map(real_dtype, leaves)) if leaves else common_dtype(float)
    parts = [part.ravel().astype(dtype) for leaf in leaves for part in _parts(leaf)]
    return jnp.concatenate(parts) if parts else jnp.zeros(0, dtype)


def from_numbers(numbers: Float[Array, " numbers"], like: PyTree[Any]) -> PyTree[Array]:
    """The pytree with such numbers."""
    leaves, structure = jax.tree.flatten(like)
    found, place = [], 0
    for leaf in leaves:
        parts = []
        for part in _parts(leaf):
            parts.append(numbers[place : place + part.size].reshape(part.shape).astype(part.dtype))
            place += part.size
        found.append(jax.lax.complex(*parts) if len(parts) == 2 else parts[0])
    return jax.tree.unflatten(structure, found)


def _parts(leaf: Array) -> tuple[Array, ...]:
    """The real and the imaginary part of a complex array, or the array."""
    return (leaf.real, leaf.imag) if jnp.iscomplexobj(leaf) else (leaf,)
