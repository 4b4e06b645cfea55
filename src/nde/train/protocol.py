"""What training asks of a model with noise."""

from collections.abc import Mapping
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Array, Float


@runtime_checkable
class Encoding(Protocol):
    """Between the units of tables and those that a model computes in."""

    def time(self, ts: np.ndarray) -> np.ndarray:
        """Model time."""
        ...

    def encode(self, ys: np.ndarray) -> np.ndarray:
        """Model states."""
        ...

    def log_slope(self, ys: np.ndarray) -> np.ndarray:
        """The logarithm of the derivative of model states by measurements."""
        ...


@runtime_checkable
class Stochastic(Protocol):
    """A pytree with these: `dz = drift(z) dt + diffusion(z) dW`, Itô's, with a noise of its own for each column.

    Attributes:
        coupled: Whether columns act on each other.
        most_substeps: Into how many steps a gap between measurements is divided at most.

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
        """Between the table's units and model states."""
        ...

    def drift(self, z: Float[Array, " columns"]) -> Float[Array, " columns"]:
        """In model time."""
        ...

    def diffusion(self, z: Float[Array, " columns"]) -> Float[Array, " columns"]:
        """Positive, in model time."""
        ...

    def natural(self) -> dict[str, Array]:
        """The learned numbers in units of the data; none if they mean nothing one by one."""
        ...

    def unidentified(self, errors: Mapping[str, float | None]) -> frozenset[str]:
        """Which of them the data do not tell, by their standard errors."""
        ...
