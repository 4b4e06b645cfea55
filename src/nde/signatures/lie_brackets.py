"""The vector field of the log-ODE method: the columns of a vector field and their iterated Lie brackets."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Inexact

from nde.core.types import Args, RealScalar, VectorField, Y
from nde.signatures.dimension import check_sizes
from nde.signatures.lyndon import lyndon_brackets

Columns = tuple[Inexact[Array, "..."], ...]


class LieBrackets(eqx.Module):
    """Vector field of the log-ODE method: the columns of a vector field and their iterated Lie brackets.

    For columns `f_i` the bracket is `[f_i, f_j] = (D f_j) f_i - (D f_i) f_j`. The result has one column for each word
    of `lyndon_words(channels, depth)`, with the same bracketing as `logsignature`, so that

    `nde.ControlTerm(LieBrackets(f, depth), logsignature_windows(ts, xs, window, depth))`

    is the log-ODE method for `dy = f(t, y, args) dx`: a neural rough differential equation if `f` is a neural network.
    Over a window with log-signature `L` it solves `dy/ds = sum_w [f]_w(y) L_w` for `s` from 0 to 1. Brackets do not
    differentiate in `t`; if the vector field depends on time, make time a component of the state.

    The cost is about `channels^(depth - 1)` forward-mode evaluations of the vector field, in one batch.

    Attributes:
        vector_field: A function of `(t, y, args)` that returns an array of shape `(*y, channels)`. It must have
            `depth - 1` derivatives in `y` (use `tanh`, for example, not `relu`).
        depth: The greatest length of brackets, 1 or more; 1 is the vector field itself.

    Raises:
        TypeError: When called, if the state is not a single array.
        ValueError: If the depth is less than one; when called, if the vector field returns the wrong shape.

    Source: Morrill, Salvi, Kidger and Foster (2021), doi:10.48550/arXiv.2009.08295; Lyons (2014), *Rough paths,
    signatures and the modelling of functions on streams*, doi:10.48550/arXiv.1405.4537.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        ts = jnp.linspace(0.0, 6.0, 601)
        path = nde.signatures.logsignature_windows(ts, jnp.stack([jnp.cos(ts), jnp.sin(ts)], axis=-1), 50, depth=2)
        field = nde.signatures.LieBrackets(lambda t, y, args: jnp.stack([jnp.tanh(y), 1 - y], axis=-1), depth=2)
        steps = nde.StepTo(ts=path.ts)
        term = nde.ControlTerm(field, path)
        print(nde.diffeqsolve(term, nde.Tsit5(), 0.0, 6.0, None, jnp.ones(3), stepsize_controller=steps).ys)
        ```
    """

    vector_field: VectorField
    depth: int = eqx.field(static=True)

    def __check_init__(self) -> None:
        """Refuse a depth of less than one."""
        check_sizes("LieBrackets", 1, self.depth)

    def __call__(self, t: RealScalar, y: Y, args: Args) -> Inexact[Array, "..."]:
        """Evaluate the columns, along the last axis in the order of `lyndon_words`.

        Args:
            t: The time.
            y: The state, a single array.
            args: Passed to the vector field.
        """
        state = _single(y)

        def field(y: Array) -> Columns:
            return (_checked(self.vector_field(t, y, args), y),)

        products = field
        for _ in range(self.depth - 1):
            products = _extended(products, field, state.ndim)
        return _contracted(products(state), state.ndim)


def _extended(products: Callable[[Array], Columns], field: Callable[[Array], Columns], axis: int) -> Callable:
    """Extend the products of columns up to a length by those that are one longer.

    Columns act as derivations: `T_{i} = f_i` and `T_{i w} = (D T_w) f_i`, with one axis for each letter. In the
    combinations that form brackets, second derivatives cancel.
    """

    def longer(y: Array) -> Columns:
        def along(column: Array) -> tuple[Columns, Columns]:
            return jax.jvp(products, (y,), (column,))

        (column_array,) = field(y)
        known, new = jax.vmap(along, in_axes=-1, out_axes=(None, axis))(column_array)
        return (*known, new[-1])

    return longer


def _contracted(products: Columns, axis: int) -> Inexact[Array, "..."]:
    """Combine products into brackets; those of one letter are brackets already."""
    first, *others = products
    brackets = lyndon_brackets(first.shape[-1], len(products))[1:]
    letters = [tuple(range(axis, product.ndim)) for product in others]
    combined = [
        jnp.tensordot(product, jnp.asarray(b, product.dtype), axes=(over, tuple(range(1, b.ndim))), precision="highest")
        for product, b, over in zip(others, brackets, letters, strict=True)
    ]
    return jnp.concatenate([first, *combined], axis=-1)


def _single(y: Y) -> Array:
    leaves, structure = jax.tree.flatten(y)
    if structure != jax.tree.structure(0):
        raise TypeError(
            f"`LieBrackets` got a state of structure {structure} with {len(leaves)} arrays; expected a single array. "
            "Concatenate the arrays, for example with `jax.flatten_util.ravel_pytree`."
        )
    return jnp.asarray(y)


def _checked(columns: Array, y: Array) -> Array:
    if columns.shape[:-1] != y.shape or columns.ndim != y.ndim + 1:
        raise ValueError(
            f"The vector field of `LieBrackets` returned an array of shape {columns.shape} for a state of shape "
            f"{y.shape}; expected {(*y.shape, 'channels')}, one column for each channel of the control."
        )
    return columns
