"""The protocol of stochastic models that can be trained."""

from collections.abc import Mapping
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Array, Float


@runtime_checkable
class Encoding(Protocol):
    """Protocol of the conversion between the units of tables and those of a model."""

    def time(self, ts: np.ndarray) -> np.ndarray:
        """Convert times to model time."""
        ...

    def encode(self, ys: np.ndarray) -> np.ndarray:
        """Convert measurements to model states."""
        ...

    def log_slope(self, ys: np.ndarray) -> np.ndarray:
        """Return the log of the derivative of model states with respect to measurements."""
        ...


@runtime_checkable
class Stochastic(Protocol):
    """Protocol of a stochastic model: the Itô SDE `dz = drift(z) dt + diffusion(z) dW` with diagonal noise.

    Attributes:
        coupled: Whether the columns depend on each other.
        most_substeps: The maximum number of substeps between two measurements.

    Example:
        ```python
        from nde.models import SDE_MODELS
        from nde.train import Stochastic

        assert all(hasattr(model, "drift") for model in SDE_MODELS.values()) and Stochastic
        ```
    """

    coupled: ClassVar[bool]
    most_substeps: ClassVar[int]

    @property
    def scaling(self) -> Encoding:
        """The conversion between the table's units and model states."""
        ...

    def drift(self, z: Float[Array, " columns"]) -> Float[Array, " columns"]:
        """Return the drift in model time."""
        ...

    def diffusion(self, z: Float[Array, " columns"]) -> Float[Array, " columns"]:
        """Return the diffusion in model time, which is positive."""
        ...

    def natural(self) -> dict[str, Array]:
        """Return the parameters in units of the data; empty if they are not interpretable one by one."""
        ...

    def unidentified(self, errors: Mapping[str, float | None]) -> frozenset[str]:
        """Return the names of the parameters that the data do not identify, judging by their standard errors."""
        ...
