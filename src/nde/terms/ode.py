"""The term of an ordinary differential equation."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core import tree
from nde.core.closure import closure_convert
from nde.core.tree import common_dtype
from nde.core.types import Args, RealScalar, Time, VectorField, Y
from nde.paths import TimePath
from nde.terms.base import VF
from nde.terms.driven import AbstractDrivenTerm
from nde.terms.fit import check_change
from nde.terms.within import Within


class ODETerm(AbstractDrivenTerm[VF, RealScalar]):
    """The term `f(t, y, args) dt`: the right-hand side of the ODE `dy/dt = f(t, y, args)`.

    Attributes:
        vector_field: A function `(t, y, args) -> dy/dt`; `t` is a scalar array, `y` a pytree of arrays, and the result
            has the structure, shapes and dtypes of `y`.

    Example:
        ```python
        import nde

        term = nde.ODETerm(lambda t, y, args: -args * y)
        sol = nde.diffeqsolve(term, nde.Tsit5(), 0.0, 1.0, 0.1, 1.0, args=2.0)
        print(sol.ys)
        ```
    """

    vector_field: VectorField
    path: TimePath = eqx.field(repr=False)

    def __init__(self, vector_field: VectorField) -> None:
        if not callable(vector_field):
            raise TypeError(
                f"`ODETerm` got a vector field of type {type(vector_field).__name__}; expected a function "
                "`(t, y, args) -> dy/dt`."
            )
        self.vector_field = vector_field
        self.path = TimePath()

    def closed(self, t: RealScalar, y: Y, args: Args) -> "ODETerm":
        """The term with its vector field traced once.

        Raises:
            ValueError: If the vector field returns another structure or other shapes than those of the state.
            TypeError: If it returns a dtype that the state cannot hold.
        """
        field = closure_convert(lambda t, y, args: _as_far_as_time(t, y, self.vector_field(t, y, args)), t, y, args)
        check_change("The vector field", eqx.combine(field.shapes, field.rest), y)
        return ODETerm(field)

    def within(self, low: Time, high: Time) -> "ODETerm":
        """The term whose vector field is not evaluated before `low` or behind `high`."""
        return ODETerm(Within(self.vector_field, low, high))

    def vf(self, t: RealScalar, y: Y, args: Args) -> Y:
        """The vector field, in the dtypes of the state."""
        return jax.tree.map(_as_state, self.vector_field(t, y, args), y)

    def prod(self, vf: Y, control: RealScalar) -> Y:
        """`vf * dt`."""
        return tree.scaled(vf, control)

    def applied(self, vf: Y, y: Y, control: RealScalar) -> Y:
        """`vf * dt`."""
        del y
        return self.prod(vf, control)

    def vf_prod(self, t: RealScalar, y: Y, args: Args, control: RealScalar) -> Y:
        """`f(t, y, args) * dt`."""
        return self.prod(self.vf(t, y, args), control)

    def derivative(self, t: RealScalar, y: Y, args: Args) -> Y:
        """The vector field."""
        return self.vf(t, y, args)

    def slope(self, vf: Y, y: Y, drive: PyTree[Any], stage: int) -> Y:
        """`f(t, y, args)`."""
        del y, drive, stage
        return vf

    def scale(self, drive: RealScalar) -> RealScalar:
        """The step size."""
        return drive


def _as_state(slope: Any, state: Any) -> Any:
    """The slope in the dtype of the state, or in its own where the state is a Python number, which has none."""
    if not hasattr(state, "dtype"):
        slope = jnp.asarray(slope)
        return slope if jnp.issubdtype(slope.dtype, jnp.inexact) else slope.astype(float)
    fits = isinstance(slope, Array) and slope.dtype == state.dtype
    return slope if fits else jnp.asarray(slope, state.dtype)


def _as_far_as_time(t: RealScalar, y: Y, slope: PyTree[Any]) -> PyTree[Any]:
    """The slope in the dtypes of the state, where it has others for the sake of time or of Python's numbers alone."""
    if jax.tree.structure(slope) != jax.tree.structure(y):
        return slope

    def leaf(f: Any, state: Array) -> Any:
        number = isinstance(f, int | float)
        timed = isinstance(f, Array) and f.dtype == common_dtype(state.dtype, jnp.asarray(t).dtype)
        return jnp.asarray(f, state.dtype) if number or timed else f

    return jax.tree.map(leaf, slope, y)
