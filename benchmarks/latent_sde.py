"""The problem of a latent SDE training step, at the sizes of torchsde's example, shared by all sides."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

SCALE, DT, LEARNING_RATE = 0.01, 0.01, 1e-2
"""The standard deviation of the errors, the step size, and Adam's learning rate."""
AGREEMENT = 0.02
"""The relative difference allowed between first losses: the paths are drawn differently, but there are many series."""


@dataclass(frozen=True, eq=False)
class LatentEquation:
    """Normal numbers as series at regular times in [0, 2], modeled by a latent SDE.

    A GRU reads rows backward, and a linear map of its state is the context. Drifts have two hidden layers with
    softplus. Each component of the diffusion is a network of that component of the state, with a final sigmoid. Euler
    steps of 0.01, an affine decoder, normal errors with standard deviation 0.01, Adam.

    Args:
        batch: number of series.
        times: number of rows per series.
        channels: number of channels.
        latent: size of the state.
        context: size of the context.
        hidden: width of the GRU and of all networks.
    """

    batch: int = 1024
    times: int = 100
    channels: int = 3
    latent: int = 4
    context: int = 64
    hidden: int = 128

    @property
    def x64(self) -> bool:
        """False: single precision."""
        return False

    @cached_property
    def series(self) -> tuple[np.ndarray, np.ndarray]:
        """Times `(times,)` and values `(batch, times, channels)`."""
        ys = np.random.default_rng(0).normal(size=(self.batch, self.times, self.channels))
        return np.linspace(0.0, 2.0, self.times, dtype=np.float32), np.float32(ys)

    @cached_property
    def weights(self) -> Mapping[str, tuple[np.ndarray, np.ndarray]]:
        """The weight, as `(out, in)`, and the bias of each layer; those of the diffusion come in sequence."""
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
