"""The product of a vector field with an increment of a control: as a matrix, a diagonal, or an operator."""

from typing import Any

import jax
import jax.numpy as jnp
import lineax as lx
from jaxtyping import Array, PyTree

from nde.core.tree import common_dtype
from nde.core.types import Y
from nde.paths import BrownianIncrement


def value_of(drive: PyTree[Any]) -> PyTree[Array]:
    """The increment itself, without areas."""
    return drive.W if isinstance(drive, BrownianIncrement) else drive


def is_operator(x: Any) -> bool:
    """Whether it is an operator."""
    return isinstance(x, lx.AbstractLinearOperator)


def pair_leaves(vf: PyTree[Any], control: PyTree[Any]) -> tuple[PyTree[Any], PyTree[Any]]:
    """The vector field, and the control with its structure.

    Raises:
        ValueError: If they differ, and the control is not a single array.
    """
    structure = jax.tree.structure(vf, is_leaf=is_operator)
    if structure == jax.tree.structure(control):
        return vf, control
    leaves = jax.tree.leaves(control)
    if len(leaves) == 1:
        return vf, jax.tree.unflatten(structure, leaves * structure.num_leaves)
    raise ValueError(
        f"The vector field of a `ControlTerm` returned a pytree of structure {structure} for a control of structure "
        f"{jax.tree.structure(control)}; the two must agree, or the control must be a single array."
    )


def match_leaves(vf: PyTree[Any], control: PyTree[Any], y: Y) -> tuple[PyTree[Any], PyTree[Any], PyTree[Any]]:
    """The vector field, the control with the structure of the state, and the state.

    Raises:
        ValueError: If the structures do not fit together.
    """
    structure, wanted = jax.tree.structure(vf, is_leaf=is_operator), jax.tree.structure(y)
    if structure != wanted:
        raise ValueError(
            f"The vector field of a `ControlTerm` returned a pytree of structure {structure}; expected that of "
            f"the state y0, {wanted}."
        )
    return (*pair_leaves(vf, control), y)


def check_product(f: Any, x: jax.ShapeDtypeStruct, y: Array) -> None:
    """Whether vector field, control and state fit together.

    Raises:
        ValueError: If their shapes do not.
    """
    if is_operator(f):
        got, wanted = (f.out_structure(), f.in_structure()), (y.shape, x.shape)
        shapes = tuple(getattr(s, "shape", s) for s in got)
        if shapes != wanted:
            raise ValueError(
                f"The vector field of a `ControlTerm` returned an operator from shape {shapes[1]} to {shapes[0]}; it "
                f"expected one from the control's shape {x.shape} to the state's {y.shape}."
            )
    elif f.shape != (*y.shape, *x.shape) and not (f.shape == y.shape == x.shape):
        raise ValueError(
            f"The vector field of a `ControlTerm` returned an array of shape {f.shape} for a state of shape {y.shape} "
            f"and a control of shape {x.shape}; expected {(*y.shape, *x.shape)}, or, if state and control have the "
            "same shape, that shape for a diagonal."
        )


def is_diagonal(f: Any, x: Any, y: Any) -> bool:
    """Whether each component of the state has a control of its own."""
    if is_operator(f):
        return lx.is_diagonal(f)
    return f.shape == y.shape == x.shape


def product_of(f: Any, x: Array, y: Array) -> Array:
    """The product, for a state shaped as `y`."""
    if is_operator(f):
        return f.mv(x.astype(y.dtype)).astype(y.dtype)
    dtype = common_dtype(f.dtype, y.dtype)
    f, x = f.astype(dtype), x.astype(dtype)
    if f.shape == (*y.shape, *x.shape):
        return contract(f, x, y.ndim).astype(y.dtype)
    return (f * x).astype(y.dtype)


_SHORT = 64
"""Numbers in a control up to which products are summed in the kernel that makes the vector field: it measures faster
than a matrix product for each lane of a `vmap`."""


def contract(f: Array, x: Array, keep: int) -> Array:
    """`f` with all axes but its first ones contracted with those of `x`."""
    axes = tuple(range(keep, keep + x.ndim))
    if x.size > _SHORT:
        return jnp.tensordot(f, x, axes=(axes, tuple(range(x.ndim))))
    return jnp.sum(f * jnp.expand_dims(x, range(keep)), axis=axes)
