"""Reference results and errors."""

from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import PyTree


@dataclass(frozen=True)
class Goal:
    """The reference result, and the error of the side to match."""

    reference: PyTree[np.ndarray] | None
    error: float | None = None

    def distance(self, value: PyTree[np.ndarray] | None) -> float | None:
        """The relative error of `value`; None if there is nothing to compare."""
        return None if value is None or self.reference is None else relative_error(value, self.reference)


def relative_error(value: PyTree[np.ndarray], reference: PyTree[np.ndarray]) -> float:
    """`‖value - reference‖ / ‖reference‖` in the Euclidean norm over all leaves together."""
    got, wanted = (np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(tree)]) for tree in (value, reference))
    return float(np.linalg.norm(got.astype(np.float64) - wanted) / np.linalg.norm(wanted))
