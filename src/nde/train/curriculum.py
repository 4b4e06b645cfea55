"""Curriculum learning: train on the beginning of each series first."""

import dataclasses
from typing import Any, Protocol, runtime_checkable

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import PyTree

from nde.data import Batch


@runtime_checkable
class Curriculum(Protocol):
    """Protocol of a curriculum: which share of its batch each step sees.

    Example:
        ```python
        from nde.train import Curriculum, LengthCurriculum

        assert isinstance(LengthCurriculum(), Curriculum)
        ```
    """

    def share(self, done: int, steps: int) -> float:
        """Return the share that the step after `done` of `steps` sees.

        The share should take few values, since the step is compiled for each, and reach 1.
        """
        ...

    def cut(self, batch: PyTree[Any], share: float) -> PyTree[Any]:
        """Return this share of a batch. Called while the step is compiled."""
        ...


@dataclasses.dataclass(frozen=True)
class LengthCurriculum:
    """Train on the first part of each series, and extend it in stages to the whole.

    Fitting a long oscillation in one go tends to collapse to its mean. Its beginning is easier to fit, and a model that
    fits the beginning is close to fitting the next part. Series that end before the cut stay whole.

    Attributes:
        start: The first share of the rows.
        stages: The number of shares before the whole; each is compiled for.
        until: The share of the steps after which batches are whole.

    Raises:
        ValueError: If a share is not between 0 and 1, or `stages` is less than 1.

    Example:
        ```python
        from nde.train import LengthCurriculum

        curriculum = LengthCurriculum(start=0.25, stages=3, until=0.6)
        print([curriculum.share(done, steps=10) for done in range(10)])
        ```
    """

    start: float = 0.25
    stages: int = 3
    until: float = 0.6

    def __post_init__(self) -> None:
        for name, value in {"start": self.start, "until": self.until}.items():
            if not 0 < value <= 1:
                raise ValueError(f"{name} must be a share above 0 and up to 1; got {value}.")
        if self.stages < 1:
            raise ValueError(f"stages must be at least 1; got {self.stages}.")

    def share(self, done: int, steps: int) -> float:
        """Return the share of the rows that the step after `done` of `steps` sees.

        Example:
            ```python
            from nde.train import LengthCurriculum

            assert LengthCurriculum().share(0, steps=100) == 0.25
            ```
        """
        stage = int(self.stages * done / (self.until * steps))
        return 1.0 if stage >= self.stages else self.start + (1.0 - self.start) * stage / self.stages

    def cut(self, batch: PyTree[Any], share: float) -> PyTree[Any]:
        """Cut each series of an `nde.data.Batch` to this share of its rows, at least two.

        Raises:
            TypeError: If the batch is not an `nde.data.Batch`.

        Example:
            ```python
            import numpy as np
            import nde
            from nde.data import pad
            from nde.train import LengthCurriculum

            batch = pad(nde.TimeSeries.from_arrays(np.zeros((3, 20, 1))))
            print(LengthCurriculum().cut(batch, 0.25).ys.shape)
            ```
        """
        if not isinstance(batch, Batch):
            raise TypeError(
                f"`LengthCurriculum` can only cut an `nde.data.Batch`; got a batch of type {type(batch).__name__}. For "
                "other batches pass your own object with `share(done, steps)` and `cut(batch, share)`."
            )
        length = batch.ts.shape[1]
        rows = min(length, max(2, round(share * length)))
        parts = (batch.ts[:, :rows], batch.ys[:, :rows], jnp.minimum(batch.lengths, rows))
        return eqx.tree_at(lambda b: (b.ts, b.ys, b.lengths), batch, parts)
