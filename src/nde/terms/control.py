"""The term of a control: a data path or noise."""

import math
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core import tree
from nde.core.closure import closure_convert
from nde.core.types import Args, RealScalar, Time, VectorField, Y
from nde.paths import AbstractBrownianPath, AbstractPath, IncrementPath
from nde.terms.base import VF, Control
from nde.terms.controlled import ControlledODETerm
from nde.terms.driven import AbstractDrivenTerm
from nde.terms.fit import check_change
from nde.terms.product import (
    check_product,
    contract,
    is_diagonal,
    is_operator,
    match_leaves,
    pair_leaves,
    product_of,
    value_of,
)
from nde.terms.within import Within

Product = Callable[[PyTree[Any], PyTree[Array]], PyTree[Any]]


class ControlTerm(AbstractDrivenTerm[VF, Control]):
    """The term `f(t, y, args) dX(t)`: a vector field driven by a path, such as Brownian motion.

    For a state of shape `y` and a control of shape `x` the vector field returns one of

    - an array of shape `(*y, *x)`: it is applied to the increment as a matrix;
    - an array of shape `y`, if the control has the same shape: diagonal, each component has its own control;
    - a Lineax operator from `x` to `y`, which need not be a matrix.

    For states that are pytrees the control has the same structure, leaf for leaf, or is a single array that drives all
    leaves.

    A vector field of any other form comes with a product of its own: `prod(f, dx)` makes the change of the state of the
    value `f` of the vector field and an increment `dx` of the control.

    A solver sees the control through its increment over a step. Driven by a path with a derivative, such as
    interpolated data, `term.to_ode()` is the ordinary differential equation `dy/dt = f(t, y, args) dX/dt`, which a
    method of high order solves to its order; on linear interpolation with steps that end at the knots the two are the
    same.

    Attributes:
        vector_field: A function `(t, y, args)`, as above.
        path: The path that drives it.
        product: The product, if it is one of the user's own.

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
    product: Product | None

    def __init__(
        self,
        vector_field: VectorField,
        control: AbstractPath | Callable[[Any, Any], PyTree[Any]],
        prod: Product | None = None,
    ) -> None:
        """Make a term.

        Args:
            vector_field: A function `(t, y, args)`, as above.
            control: The path that drives it, or a function `(t0, t1)` to the increment of one.
            prod: A function `(f, dx)` to the change of the state, linear in `dx`; by default as above.
        """
        if not callable(vector_field):
            raise TypeError(
                f"`ControlTerm` got a vector field of type {type(vector_field).__name__}; expected a function "
                "`(t, y, args) -> f`, followed by the path that drives it."
            )
        if not isinstance(control, AbstractPath) and callable(control) and not isinstance(control, type):
            control = IncrementPath(control)
        if not isinstance(control, AbstractPath):
            raise TypeError(
                f"`ControlTerm` got a control of type {type(control).__name__}; expected a path such as "
                "`nde.BrownianMotion(shape=(), key=key)` or `nde.LinearInterpolation(ts, ys)`, or a function "
                "`(t0, t1) -> increment`."
            )
        self.vector_field = vector_field
        self.path = control
        self.product = prod

    @property
    def noisy(self) -> bool:
        """Whether the path is Brownian motion."""
        return isinstance(self.path, AbstractBrownianPath)

    def closed(self, t: RealScalar, y: Y, args: Args) -> "ControlTerm":
        """The term with its vector field traced once.

        Raises:
            ValueError: If the shapes of vector field, control and state do not fit together.
        """
        field, control = closure_convert(self.vf, t, y, args), self.control_shape(t)
        path = self.path.closed(t) if isinstance(self.path, IncrementPath) else self.path
        value = eqx.combine(field.shapes, field.rest)
        if self.product is None:
            jax.tree.map(check_product, *match_leaves(value, control, y), is_leaf=is_operator)
            return ControlTerm(field, path)
        product = closure_convert(self.product, value, control)
        check_change("`prod` of a `ControlTerm`", eqx.combine(product.shapes, product.rest), y)
        return ControlTerm(field, path, product)

    def within(self, low: Time, high: Time) -> "ControlTerm":
        """The term whose vector field is not evaluated before `low` or behind `high`."""
        return ControlTerm(Within(self.vector_field, low, high), self.path, self.product)

    def to_ode(self) -> "ControlledODETerm":
        """The ordinary differential equation `dy/dt = f(t, y, args) dX/dt`.

        Raises:
            TypeError: If the path is Brownian motion, which has no derivative.
        """
        return ControlledODETerm(self)

    def control_shape(self, t: RealScalar) -> PyTree[jax.ShapeDtypeStruct]:
        """The shapes of an increment of the control."""

        def first() -> PyTree[Any]:
            drive, _ = self.path.prepare(t, jnp.ones_like(t), (), frozenset(), self.path.begin(t))
            return value_of(drive)

        return jax.eval_shape(first)

    def layout(self, t: RealScalar, y: Y, args: Args) -> str:
        """How noise enters: `"scalar"` (one component), `"diagonal"` (one for each of the state), or `"general"`."""
        control = self.control_shape(jnp.asarray(t, jnp.result_type(float)))
        if self.product is not None:
            return "general"
        if sum(math.prod(x.shape) for x in jax.tree.leaves(control)) == 1:
            return "scalar"
        field = eqx.filter_eval_shape(self.vf, t, y, args)
        alone = jax.tree.map(is_diagonal, *match_leaves(field, control, y), is_leaf=is_operator)
        return "diagonal" if all(jax.tree.leaves(alone)) else "general"

    def vf(self, t: RealScalar, y: Y, args: Args) -> PyTree[Any]:
        """The vector field, numbers as arrays."""
        return jax.tree.map(
            lambda f: f if is_operator(f) else jnp.asarray(f), self.vector_field(t, y, args), is_leaf=is_operator
        )

    def prod(self, vf: PyTree[Any], control: PyTree[Any]) -> Y:
        """The product; an array of the shape of the control is contracted with it, not taken as diagonal."""
        if self.product is not None:
            return self.product(vf, value_of(control))

        def leaf(f: Any, x: Array) -> Array:
            return f.mv(x) if is_operator(f) else contract(f, x, f.ndim - x.ndim)

        return jax.tree.map(leaf, *pair_leaves(vf, value_of(control)), is_leaf=is_operator)

    def vf_prod(self, t: RealScalar, y: Y, args: Args, control: PyTree[Any]) -> Y:
        """The product at `(t, y)`, as a matrix, diagonal, or an operator."""
        return self.applied(self.vf(t, y, args), y, control)

    def applied(self, vf: PyTree[Any], y: Y, control: PyTree[Any]) -> Y:
        """A value of the vector field times an increment, for a state shaped as `y`."""
        if self.product is not None:
            return jax.tree.map(lambda change, s: jnp.asarray(change, s.dtype), self.product(vf, value_of(control)), y)
        return jax.tree.map(product_of, *match_leaves(vf, value_of(control), y), is_leaf=is_operator)

    def derivative(self, t: RealScalar, y: Y, args: Args) -> Y:
        """The vector field times the derivative of the path; of noise, what three standard deviations of it do.

        Source: Rackauckas and Nie (2017), doi:10.3934/dcdsb.2017133.
        """
        if not self.noisy:
            return self.vf_prod(t, y, args, self.path.derivative(t, left=False))
        three = jax.tree.map(lambda x: jnp.full(x.shape, 3, x.dtype), self.control_shape(t))
        return tree.magnitudes(self.vf_prod(t, y, args, three))

    def slope(self, vf: PyTree[Any], y: Y, drive: PyTree[Any], stage: int) -> Y:
        """The product with the increment over the step."""
        del stage
        return self.applied(vf, y, drive)

    def scale(self, drive: PyTree[Any]) -> RealScalar:
        """One."""
        del drive
        return 1.0
