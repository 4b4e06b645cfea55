"""Deep equilibrium models of rows and images, as estimators train them."""

from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from nde.implicit import IterativeSolution
from nde.models import AbstractEquilibriumModel, ImageDEQ, VectorDEQ

_STATE, _CHANNELS = 64, 16
_PARTS = 4
"""An image has so many parts in each direction, over which its equilibrium is averaged."""


class RowNetwork(eqx.Module):
    """A deep equilibrium model that reads many rows at once, with noise on their numbers in training.

    Attributes:
        network: The model.
        shape: The shape of a sample: a row holds a vector, or the pixels of an image with its colors last.
        noise: The standard deviation of the noise.
    """

    network: AbstractEquilibriumModel
    shape: tuple[int, ...] = eqx.field(static=True)
    noise: float = eqx.field(static=True)

    @classmethod
    def make(
        cls,
        input_size: int,
        shape: tuple[int, ...],
        output_size: int,
        *,
        hidden_size: int | None,
        noise: float,
        key: PRNGKeyArray,
        **options: Any,
    ) -> "RowNetwork":
        """A network of random weights.

        Args:
            input_size: How many numbers a row has.
            shape: The shape of a sample.
            output_size: How many numbers are predicted.
            hidden_size: The length of the state, or the number of its channels for images; by default 64, or 16.
            noise: The standard deviation of the noise.
            key: A key of `jax.random`.
            options: Further options of the model.
        """
        options = {"throw": False, "key": key, **options}
        if len(shape) == 1:
            size = _STATE if hidden_size is None else hidden_size
            return cls(VectorDEQ(input_size, size, output_size, **options), shape, noise)
        height, width, colors = shape
        pool = min(_PARTS, height, width)
        size = _CHANNELS if hidden_size is None else hidden_size
        return cls(ImageDEQ(colors, size, output_size, pool=pool, **options), shape, noise)

    def __call__(
        self, rows: Float[Array, "samples features"], *, key: PRNGKeyArray | None
    ) -> Float[Array, "samples output"]:
        """The outputs; with a key those of training, with noise and dropout."""
        if key is None:
            return self.network(self._inputs(rows), batched=True)
        own, key = jax.random.split(key)
        rows = rows + self.noise * jax.random.normal(own, rows.shape, rows.dtype)
        return self.network(self._inputs(rows), key=key, batched=True)

    def solve(self, rows: Float[Array, "samples features"], z0: Any = None) -> IterativeSolution:
        """The equilibria."""
        return self.network.solve(self._inputs(rows), z0, batched=True)

    def _inputs(self, rows: Float[Array, "samples features"]) -> Float[Array, "samples *input"]:
        """Vectors, or images with their colors first, as convolutions take them."""
        if len(self.shape) == 1:
            return rows
        return rows.reshape(-1, *self.shape).transpose(0, 3, 1, 2)
