"""The former name of a control term with a diagonal vector field."""

import warnings
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import lineax as lx
from jaxtyping import PyTree

from nde.core.types import Args, RealScalar, VectorField, Y
from nde.paths import AbstractPath
from nde.terms.control import ControlTerm


def WeaklyDiagonalControlTerm(  # noqa: N802 (a class once, in Diffrax)
    vector_field: VectorField,
    control: AbstractPath | Callable[[Any, Any], PyTree[Any]],
) -> ControlTerm:
    """A `ControlTerm` whose vector field is multiplied with the control component by component.

    Deprecated, here as in Diffrax, from where scripts bring it: `ControlTerm` takes an array of the shape of state and
    control for a diagonal, or a `lineax.DiagonalLinearOperator`.

    Args:
        vector_field: A function `(t, y, args)` whose value has the shapes of the control.
        control: The path that drives it.

    Example:
        ```python
        import warnings

        import jax
        import jax.numpy as jnp
        import nde

        warnings.simplefilter("ignore")
        motion = nde.BrownianMotion(shape=(2,), key=jax.random.key(0))
        noise = nde.WeaklyDiagonalControlTerm(lambda t, y, args: 0.1 * y, motion)
        terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: -y), noise)
        print(nde.diffeqsolve(terms, nde.Euler(), 0.0, 1.0, 0.01, jnp.ones(2)).ys)
        ```
    """
    warnings.warn(
        "`WeaklyDiagonalControlTerm` is now deprecated; use `ControlTerm`, whose vector field may return an array of "
        "the shape of state and control, or a `lineax.DiagonalLinearOperator`.",
        DeprecationWarning,
        stacklevel=2,
    )
    return ControlTerm(_Diagonal(vector_field), control)


class _Diagonal(eqx.Module):
    """A vector field as diagonal operators."""

    vector_field: VectorField

    def __call__(self, t: RealScalar, y: Y, args: Args) -> PyTree[Any]:
        field = self.vector_field(t, y, args)
        return jax.tree.map(lambda f: lx.DiagonalLinearOperator(jnp.asarray(f)), field)
