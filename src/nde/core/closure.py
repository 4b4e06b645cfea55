"""Functions that the user hands over, traced once."""

import itertools
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.core import eval_jaxpr
from jaxtyping import Array, PyTree


class ConvertedFunction(eqx.Module):
    """A function as its program and the arrays that it captured; these are leaves, so derivatives flow to them.

    All calls are calls of one compiled function. So JAX traces, differentiates and batches the program once, however
    many stages of a method call it.

    Attributes:
        program: Takes the captured arrays and the arrays among the arguments to the arrays of the result.
        captured: The arrays that the function captured.
        shapes: The shapes of the arrays of the result, as a pytree.
        rest: The result with its arrays left out.
        given: Of the leaves of the arguments, which were arrays. A Python number may come as an array later and an
            array as a number, for that is how JAX calls rules of differentiation.
    """

    program: Callable[..., list[Any]] = eqx.field(static=True)
    captured: list[Array]
    shapes: PyTree[jax.ShapeDtypeStruct] = eqx.field(static=True)
    rest: PyTree[Any] = eqx.field(static=True)
    given: tuple[bool, ...] = eqx.field(static=True)

    def __call__(self, *args: Any) -> Any:
        """The function at arguments shaped as those that it was closed for.

        Raises:
            ValueError: If the arguments are of another structure.
        """
        leaves = jax.tree.leaves(args)
        if len(leaves) != len(self.given):
            raise ValueError(
                f"A function of the solve was called with arguments of {len(leaves)} leaves, "
                f"{jax.tree.structure(args)}; it was traced for {len(self.given)}."
            )
        arrays = self.program(self.captured, *itertools.compress(leaves, self.given))
        return eqx.combine(jax.tree.unflatten(jax.tree.structure(self.shapes), arrays), self.rest)


def closure_convert(fn: Callable[..., Any], *args: Any) -> ConvertedFunction:
    """The function, traced once at such arguments; what is no array in them becomes part of it.

    Args:
        fn: Any function from pytrees to a pytree.
        args: Arguments of the shapes and dtypes of all later calls.
    """
    jaxpr, shapes, rest = eqx.filter_make_jaxpr(fn)(*args)

    @jax.jit
    def program(captured: list[Array], *arrays: Array) -> list[Any]:
        return eval_jaxpr(jaxpr.jaxpr, captured, *arrays)

    given = tuple(isinstance(leaf, Array | jax.ShapeDtypeStruct) for leaf in jax.tree.leaves(args))
    return ConvertedFunction(program, [jnp.asarray(const) for const in jaxpr.consts], shapes, rest, given)
