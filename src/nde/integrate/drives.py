"""The drives of all steps of a known grid, made before the first of them."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core import tree
from nde.core.types import BoolScalar, IntScalar, RealScalar
from nde.terms import AbstractTerm


class DrivesOfGrid(eqx.Module):
    """In place of the paths: a row for each step.

    Attributes:
        drives: What each step sees of the paths, each leaf with a leading axis of steps.
    """

    drives: PyTree[Array]

    def begin(
        self, t0: RealScalar, step: IntScalar | int = 0, may_reject: bool = False, forward: BoolScalar | bool = True
    ) -> IntScalar:
        """The number of the step."""
        del t0, may_reject, forward
        return jnp.asarray(step, jnp.int32)

    def prepare(
        self,
        t: RealScalar,
        end: RealScalar,
        h: RealScalar,
        nodes: tuple[float, ...],
        needs: frozenset[str],
        path_state: IntScalar,
    ) -> tuple[PyTree[Any], IntScalar]:
        """The row of the step, and the number of the next."""
        del t, end, h, nodes, needs
        return tree.row(self.drives, path_state), path_state + 1

    def commit(self, accepted: BoolScalar, old: IntScalar, new: IntScalar) -> IntScalar:
        """The next number after a step of this lane."""
        return jnp.where(accepted, new, old)

    def max_step(self, t: RealScalar, path_state: IntScalar) -> None:
        """Any length: the steps are known."""
        del t, path_state


def drives_of_grid(
    term: AbstractTerm,
    nodes: tuple[float, ...],
    needs: frozenset[str],
    starts: Array,
    ends: Array,
    lengths: Array,
) -> PyTree[Array]:
    """What each step sees of the paths of a term.

    Args:
        term: The term.
        nodes: The stages' times as fractions of a step.
        needs: What the solver needs beyond increments.
        starts: Where the steps start, of shape `(steps,)`.
        ends: Where they end.
        lengths: How long they are.
    """

    def drive(start: Array, end: Array, h: Array) -> PyTree[Array]:
        return term.prepare(start, end, h, nodes, needs, term.begin(start))[0]

    return jax.vmap(drive)(starts, ends, lengths)
