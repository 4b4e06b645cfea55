"""Short series first."""

import dataclasses
from typing import Any, Protocol, runtime_checkable

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import PyTree

from nde.data import Batch


@runtime_checkable
class Curriculum(Protocol):
    """Which share of a batch each step sees.

    Example:
        ```python
        from nde.train import Curriculum, LengthCurriculum

        assert isinstance(LengthCurriculum(), Curriculum)
        ```
    """

    def share(self, done: int, steps: int) -> float:
        """The share for the step after `done` of all; few values, for a model is compiled for each. At last 1."""
        ...

    def cut(self, batch: PyTree[Any], share: float) -> PyTree[Any]:
        """That share of a batch; called while compiling."""
        ...


@dataclasses.dataclass(frozen=True)
class LengthCurriculum:
    """Batches are cut to the first share of their rows, which grows by stages until it is all.

    A long oscillation that is fitted all at once is flattened to its mean; its beginning is not, and what is learned
    there brings the next part within reach. Series that end before the cut stay whole.

    Attributes:
        start: The share of the rows to begin with.
        stages: How many shares before the whole; a model is compiled for each.
        until: The share of the steps after which batches are whole.

    Raises:
        ValueError: If a share is not between 0 and 1, or there are no stages.

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
                raise ValueError(f"Got {name}={value}; a share above 0 and up to 1 is wanted.")
        if self.stages < 1:
            raise ValueError(f"Got stages={self.stages}; at least 1 is wanted.")

    def share(self, done: int, steps: int) -> float:
        """The share of the rows that the step after `done` of `steps` sees.

        Example:
            ```python
            from nde.train import LengthCurriculum

            assert LengthCurriculum().share(0, steps=100) == 0.25
            ```
        """
        stage = int(self.stages * done / (self.until * steps))
        return 1.0 if stage >= self.stages else self.start + (1.0 - self.start) * stage / self.stages

    def cut(self, batch: PyTree[Any], share: float) -> PyTree[Any]:
        """The first rows of each series of an `nde.data.Batch`, at least two.

        Raises:
            TypeError: If the batch is of another kind.

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
                f"Got a batch of the type {type(batch).__name__}; a length curriculum cuts `nde.data.Batch`. For other "
                "batches take an object of your own with `share(done, steps)` and `cut(batch, share)`."
            )
        whole = batch.ts.shape[1]
        rows = min(whole, max(2, round(share * whole)))
        parts = (batch.ts[:, :rows], batch.ys[:, :rows], jnp.minimum(batch.lengths, rows))
        return eqx.tree_at(lambda b: (b.ts, b.ys, b.lengths), batch, parts)
