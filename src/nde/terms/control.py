"""The term of a control: a data path or noise."""

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import lineax as lx
from jaxtyping import Array, PyTree

from nde.core.closure import closed
from nde.core.types import Args, RealScalar, VectorField, Y
from nde.paths import AbstractBrownianPath, AbstractPath, BrownianIncrement
from nde.terms.driven import AbstractDrivenTerm


class ControlTerm(AbstractDrivenTerm):
    """`f(t, y, args) dX(t)`: a vector field driven by a path, such as Brownian motion.

    For a state of shape `y` and a control of shape `x` the vector field returns one of

    - an array of shape `(*y, *x)`: it is applied to the increment as a matrix;
    - an array of shape `y`, if the control has the same shape: diagonal, each component has its own control;
    - a Lineax operator from `x` to `y`, which need not be a matrix.

    For states that are pytrees the control has the same structure, leaf for leaf, or is a single array that drives all
    leaves.

    Attributes:
        vector_field: A function `(t, y, args)`, as above.
        path: The path that drives it.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde

        motion = nde.BrownianMotion(shape=(2,), key=jax.random.key(0))
        diagonal = nde.ControlTerm(lambda t, y, args: 0.1 * y, motion)
        terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: -y), diagonal)
        print(nde.diffeqsolve(terms, nde.Euler(), 0.0, 1.0, 0.01, jnp.ones(2)).ys)
        ```
    """

    vector_field: VectorField
    path: AbstractPath

    def __init__(self, vector_field: VectorField, control: AbstractPath) -> None:
        """Make a term.

        Args:
            vector_field: A function `(t, y, args)`, as above.
            control: The path that drives it.
        """
        if not callable(vector_field):
            raise TypeError(
                f"`ControlTerm` got a vector field of type {type(vector_field).__name__}; it wants a function "
                "`(t, y, args) -> f`, followed by the path that drives it."
            )
        if not isinstance(control, AbstractPath):
            raise TypeError(
                f"`ControlTerm` got a control of type {type(control).__name__}; it wants a path such as "
                "`nde.BrownianMotion(shape=(), key=key)`."
            )
        self.vector_field = vector_field
        self.path = control

    @property
    def noisy(self) -> bool:
        """Whether the path is Brownian motion."""
        return isinstance(self.path, AbstractBrownianPath)

    def closed(self, t: RealScalar, y: Y, args: Args) -> "ControlTerm":
        """The term with its vector field traced once.

        Raises:
            ValueError: If the shapes of vector field, control and state do not fit together.
        """
        field = closed(self.vf, t, y, args)
        term = ControlTerm(field, self.path)
        jax.tree.map(_check, *_matched(eqx.combine(field.shapes, field.rest), self.control_shape(t), y), is_leaf=_is_op)
        return term

    def control_shape(self, t: RealScalar) -> PyTree[jax.ShapeDtypeStruct]:
        """The shapes of an increment of the control."""

        def first() -> PyTree[Any]:
            drive, _ = self.path.prepare(t, jnp.ones_like(t), (), frozenset(), self.path.begin(t))
            return value_of(drive)

        return jax.eval_shape(first)

    def layout(self, t: RealScalar, y: Y, args: Args) -> str:
        """How noise enters: `"scalar"` (one component), `"diagonal"` (one for each of the state), or `"general"`."""
        control = self.control_shape(jnp.asarray(t, jnp.result_type(float)))
        if sum(math.prod(x.shape) for x in jax.tree.leaves(control)) == 1:
            return "scalar"
        field = eqx.filter_eval_shape(self.vf, t, y, args)
        matched = jax.tree.map(lambda f, x, s: _is_diagonal(f, x, s), *_matched(field, control, y), is_leaf=_is_op)
        return "diagonal" if all(jax.tree.leaves(matched)) else "general"

    def vf(self, t: RealScalar, y: Y, args: Args) -> PyTree[Any]:
        """The vector field, numbers as arrays."""
        return jax.tree.map(lambda f: f if _is_op(f) else jnp.asarray(f), self.vector_field(t, y, args), is_leaf=_is_op)

    def prod(self, vf: PyTree[Any], control: PyTree[Any]) -> Y:
        """The product; an array of the shape of the control is contracted with it, not taken as diagonal."""
        return jax.tree.map(lambda f, x: _contracted(f, x, f.ndim - x.ndim), *_paired(vf, value_of(control)))

    def vf_prod(self, t: RealScalar, y: Y, args: Args, control: PyTree[Any]) -> Y:
        """The product at `(t, y)`, as a matrix, diagonal, or an operator."""
        return self.applied(self.vf(t, y, args), y, control)

    def applied(self, vf: PyTree[Any], y: Y, control: PyTree[Any]) -> Y:
        """A value of the vector field times an increment, for a state shaped as `y`."""
        return jax.tree.map(_product, *_matched(vf, value_of(control), y), is_leaf=_is_op)

    def speed(self, t: RealScalar, y: Y, args: Args) -> Y:
        """What three standard deviations of the control in a unit of time do.

        Source: Rackauckas and Nie (2017), doi:10.3934/dcdsb.2017133.
        """
        three = jax.tree.map(lambda x: jnp.full(x.shape, 3, x.dtype), self.control_shape(t))
        return jax.tree.map(jnp.abs, self.vf_prod(t, y, args, three))

    def slope(self, t: RealScalar, y: Y, args: Args, drive: PyTree[Any], stage: int) -> Y:
        """The product with the increment over the step."""
        del stage
        return self.vf_prod(t, y, args, drive)

    def scale(self, drive: PyTree[Any]) -> RealScalar:
        """One."""
        del drive
        return 1.0


def value_of(drive: PyTree[Any]) -> PyTree[Array]:
    """The increment itself, without areas."""
    return drive.W if isinstance(drive, BrownianIncrement) else drive


def _is_op(x: Any) -> bool:
    return isinstance(x, lx.AbstractLinearOperator)


def _paired(vf: PyTree[Any], control: PyTree[Any]) -> tuple[PyTree[Any], PyTree[Any]]:
    """The vector field, and the control with its structure."""
    structure = jax.tree.structure(vf, is_leaf=_is_op)
    if structure == jax.tree.structure(control):
        return vf, control
    leaves = jax.tree.leaves(control)
    if len(leaves) == 1:
        return vf, jax.tree.unflatten(structure, leaves * structure.num_leaves)
    raise ValueError(
        f"The vector field of a `ControlTerm` returned a pytree of structure {structure} for a control of structure "
        f"{jax.tree.structure(control)}; the two must agree, or the control must be a single array."
    )


def _matched(vf: PyTree[Any], control: PyTree[Any], y: Y) -> tuple[PyTree[Any], PyTree[Any], PyTree[Any]]:
    structure, wanted = jax.tree.structure(vf, is_leaf=_is_op), jax.tree.structure(y)
    if structure != wanted:
        raise ValueError(
            f"The vector field of a `ControlTerm` returned a pytree of structure {structure}; it wants to be that of "
            f"the state y0, {wanted}."
        )
    return (*_paired(vf, control), y)


def _check(f: Any, x: jax.ShapeDtypeStruct, y: Array) -> None:
    if _is_op(f):
        got, wanted = (f.out_structure(), f.in_structure()), (y.shape, x.shape)
        shapes = tuple(getattr(s, "shape", s) for s in got)
        if shapes != wanted:
            raise ValueError(
                f"The vector field of a `ControlTerm` returned an operator from shape {shapes[1]} to {shapes[0]}; it "
                f"wants one from the control's shape {x.shape} to the state's {y.shape}."
            )
    elif f.shape != (*y.shape, *x.shape) and not (f.shape == y.shape == x.shape):
        raise ValueError(
            f"The vector field of a `ControlTerm` returned an array of shape {f.shape} for a state of shape {y.shape} "
            f"and a control of shape {x.shape}; it wants {(*y.shape, *x.shape)}, or, if state and control have the "
            "same shape, that shape for a diagonal."
        )


def _is_diagonal(f: Any, x: Any, y: Any) -> bool:
    if _is_op(f):
        return lx.is_diagonal(f)
    return f.shape == y.shape == x.shape


def _product(f: Any, x: Array, y: Array) -> Array:
    if _is_op(f):
        return f.mv(x.astype(y.dtype)).astype(y.dtype)
    x = x.astype(y.dtype)
    if f.shape == (*y.shape, *x.shape):
        return _contracted(f, x, y.ndim).astype(y.dtype)
    return (f * x).astype(y.dtype)


def _contracted(f: Array, x: Array, keep: int) -> Array:
    """`f` with all axes but its first ones contracted with those of `x`."""
    return f * x if x.ndim == 0 else jnp.tensordot(f, x, axes=(tuple(range(keep, keep + x.ndim)), tuple(range(x.ndim))))
