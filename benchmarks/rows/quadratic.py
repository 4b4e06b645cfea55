"""Gradients of batches of quadratic programs."""

from dataclasses import dataclass

import numpy as np

from benchmarks.peers.quadratic import CVXPYLAYERS, OUR_PROGRAMS
from benchmarks.row import Row

SIZES = ((10, 20, 5, 32),)
"""Variables, inequalities, equalities, programs."""


@dataclass(frozen=True, eq=False)
class Programs:
    """Programs that share `P`.

    Args:
        P: quadratic costs.
        data: `q, A, b, G, h`, each with a first axis of programs.
        weights: of the sum of the solutions that is differentiated.
    """

    P: np.ndarray
    data: tuple[np.ndarray, ...]
    weights: np.ndarray

    x64: bool = True


def programs(variables: int, inequalities: int, equalities: int, batch: int) -> Programs:
    """Random programs with a point that fulfills all constraints."""
    random = np.random.default_rng(0)
    root, inside = random.normal(size=(variables, variables)), random.normal(size=(batch, variables))
    A = random.normal(size=(batch, equalities, variables))
    G = random.normal(size=(batch, inequalities, variables))
    b, limits = (np.einsum("bij,bj->bi", matrix, inside) for matrix in (A, G))
    q, weights = random.normal(size=(2, batch, variables))
    h = limits + random.uniform(size=limits.shape)
    return Programs(root @ root.T / variables + 0.01 * np.eye(variables), (q, A, b, G, h), weights)


def rows() -> list[Row]:
    """One row for each size."""
    return [
        Row(
            f"gradient of {batch} quadratic programs, {variables} variables, {inequalities} inequalities, "
            f"{equalities} equalities",
            programs(variables, inequalities, equalities, batch),
            OUR_PROGRAMS,
            {CVXPYLAYERS: 5.0},
        )
        for variables, inequalities, equalities, batch in SIZES
    ]
