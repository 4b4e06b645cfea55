"""A small network of fixed random weights for hypersolvers."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

WIDTH = 4


class Correction(eqx.Module):
    """The same perceptron for each real number of the state, of the step size, the time and its slopes there.

    As the residual of a method of order 2, it does not mind whether time runs forward or backward: with the signs of
    `h`, `t` and the slopes turned around, it is turned around itself, as `h**3` is.

    Attributes:
        first: Weights of the hidden units.
        last: Their weights in the output.
    """

    first: Float[Array, "hidden inputs"]
    last: Float[Array, " hidden"]

    def __call__(self, t: Any, y: Any, args: Any, h: Any, stages: Any) -> Any:
        """The correction."""
        del args
        return jax.tree.map(lambda state, *slopes: self.of_leaf(t, state, h, slopes), y, *stages)

    def of_leaf(self, t: Any, state: Array, h: Any, slopes: tuple[Array, ...]) -> Array:
        """That of one array."""
        if jnp.iscomplexobj(state):
            real = self.of_leaf(t, state.real, h, tuple(k.real for k in slopes))
            return jax.lax.complex(real, self.of_leaf(t, state.imag, h, tuple(k.imag for k in slopes)))
        first, last, t, h = (jnp.asarray(x, state.dtype) for x in (self.first, self.last, t, h))
        inputs = jnp.stack([jnp.broadcast_to(x, state.shape) for x in (h, t, *slopes)])
        return jnp.cos(state) * jnp.tensordot(last, jnp.tanh(jnp.tensordot(first, inputs, axes=1)), axes=1)


def fixed_correction() -> Correction:
    """One for a method of two stages, always the same."""
    random = np.random.default_rng(2)
    return Correction(jnp.asarray(random.normal(size=(WIDTH, 4))), jnp.asarray(random.normal(size=WIDTH)))
