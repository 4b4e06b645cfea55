"""A function of a pytree, as a residual of rows."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from nde.core.arrays import inexact_arrays
from nde.core.closure import ConvertedFunction, closure_convert
from nde.core.tree import common_dtype
from nde.core.types import Args
from nde.roots.members import Members, Rows


class Equation(eqx.Module):
    """A function and its arguments.

    Attributes:
        f: The function `(x, args)`, closed over what it captured, so that derivatives flow there.
        args: Its arguments.
        members: How `x` is a matrix.
    """

    f: ConvertedFunction
    args: Args
    members: Members

    def __call__(self, x: Rows) -> Rows:
        """The function in rows, if its result is shaped as `x`."""
        return self.members.rows(self.result(x))

    def result(self, x: Rows) -> PyTree[Any]:
        """The result of the function as it is."""
        return self.f(self.members.tree(x), self.args)

    @property
    def inputs(self) -> tuple[ConvertedFunction, Args]:
        """What may be differentiated."""
        return self.f, self.args

    def with_inputs(self, inputs: tuple[ConvertedFunction, Args]) -> "Equation":
        """The same function of other inputs."""
        return Equation(*inputs, self.members)


def equation_of(
    f: Callable[[Any, Args], Any], x0: PyTree[Any], args: Args, batched: bool, place: str
) -> tuple[Equation, Rows]:
    """A function that a user gave, and the first point, in rows.

    Args:
        f: A function `(x, args)` to what is shaped as `x`.
        x0: The first point.
        args: Handed to the function.
        batched: Whether the first axis of each leaf counts members.
        place: Who asks, for messages.

    Raises:
        TypeError: If `x0` has a leaf that is no number, or the function returns another dtype.
        ValueError: If the function returns another structure or shape, or the leaves have no common first axis.
    """
    equation, rows = closed_equation(f, x0, args, batched, place)
    _check_result(equation.f, equation.members.tree(rows), place)
    return equation, rows


def closed_equation(
    f: Callable[[Any, Args], Any], x0: PyTree[Any], args: Args, batched: bool, place: str
) -> tuple[Equation, Rows]:
    """The same of a function whose result may have any shape.

    Raises:
        TypeError: If `x0` has a leaf that is no number.
        ValueError: If the leaves have no common first axis.
    """
    x0 = inexact_arrays(x0, "`x0`")
    _check_start(x0, batched, place)
    args = jax.tree.map(lambda x: jnp.asarray(x) if isinstance(x, np.ndarray | np.generic) else x, args)
    members = Members.of(x0, batched)
    return Equation(closure_convert(f, x0, args), args, members), members.rows(x0)


def _check_start(x0: PyTree[Array], batched: bool, place: str) -> None:
    leaves = jax.tree.leaves(x0)
    if sum(leaf.size for leaf in leaves) == 0:
        raise ValueError(f"`{place}` got an `x0` without numbers; there is nothing to solve for.")
    if not batched:
        return
    sizes = {leaf.shape[:1] for leaf in leaves}
    if len(sizes) > 1 or () in sizes:
        raise ValueError(
            f"`{place}` got `batched=True` and leaves of `x0` of shapes {[leaf.shape for leaf in leaves]}; expected "
            "the same first axis, which counts the members of the batch, on each."
        )


def _check_result(f: ConvertedFunction, x0: PyTree[Array], place: str) -> None:
    """Whether the result is shaped as `x0`."""
    wanted, found = jax.tree.structure(x0), jax.tree.structure(f.shapes)
    if wanted != found:
        raise ValueError(
            f"`{place}` got a function whose result has the structure {found}; expected that of `x0`, {wanted}."
        )
    for x, shape in zip(jax.tree.leaves(x0), jax.tree.leaves(f.shapes), strict=True):
        if x.shape != shape.shape:
            raise ValueError(
                f"`{place}` got a function whose result has the shape {shape.shape} for an `x0` of shape {x.shape}; "
                "expected the same shape."
            )
        if common_dtype(x.dtype, shape.dtype) != x.dtype:
            raise TypeError(
                f"`{place}` got a function whose result is {shape.dtype} for an `x0` of {x.dtype}, which cannot hold "
                f"it. Pass `x0` as {shape.dtype}, or cast the result."
            )
