"""A training step of a latent equation with noise, at the sizes of torchsde's example: the statement for every side."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

SCALE, DT, LEARNING_RATE = 0.01, 0.01, 1e-2
"""The errors' deviation, the length of a step, and Adam's rate."""
AGREEMENT = 0.02
"""How far the first losses may be apart, relatively: the paths are drawn differently, but there are many series."""


@dataclass(frozen=True, eq=False)
class LatentEquation:
    """Normal numbers as series at regular times in [0, 2], to be explained by a latent equation.

    A GRU reads rows backward, a linear map of its state is the context. Drifts have two hidden layers of softplus; of
    the diffusion each component is a network of its own component, with a sigmoid at the end. Euler's steps of 0.01,
    an affine decoder, normal errors with the deviation 0.01, Adam.

    Args:
        batch: how many series.
        times: how many rows each has.
        channels: how many channels.
        latent: the length of the state.
        context: that of a context.
        hidden: the width of the GRU and of all networks.
    """

    batch: int = 1024
    times: int = 100
    channels: int = 3
    latent: int = 4
    context: int = 64
    hidden: int = 128

    @property
    def x64(self) -> bool:
        """Single precision."""
        return False

    @cached_property
    def series(self) -> tuple[np.ndarray, np.ndarray]:
        """Times `(times,)` and values `(batch, times, channels)`."""
        ys = np.random.default_rng(0).normal(size=(self.batch, self.times, self.channels))
        return np.linspace(0.0, 2.0, self.times, dtype=np.float32), np.float32(ys)

    @cached_property
    def weights(self) -> Mapping[str, tuple[np.ndarray, np.ndarray]]:
        """Weight, as `(out, in)`, and bias of each layer; of the diffusion one behind the other."""
        random = np.random.default_rng(1)
        z, c, h, y = self.latent, self.context, self.hidden, self.channels
        sizes = {
            "gru_in": (y, 3 * h),
            "gru_state": (h, 3 * h),
            "context": (h, c),
            "initial": (c, 2 * z),
            "decoder": (z, y),
            **{f"f{i}": size for i, size in enumerate([(z + c, h), (h, h), (h, z)])},
            **{f"h{i}": size for i, size in enumerate([(z, h), (h, h), (h, z)])},
            **{f"g{i}_in": (1, h) for i in range(z)},
            **{f"g{i}_out": (h, 1) for i in range(z)},
        }
        return {
            name: tuple(
                np.float32(random.uniform(-1, 1, shape) / inputs**0.5) for shape in ((outputs, inputs), outputs)
            )
            for name, (inputs, outputs) in sizes.items()
        }
