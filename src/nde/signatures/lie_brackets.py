"""The vector field of the log-ODE method: columns of a vector field, and their iterated Lie brackets."""

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
    """A vector field that goes with log-signatures: the columns of another one, and their iterated Lie brackets.

    For columns `f_i` the bracket is `[f_i, f_j] = (D f_j) f_i - (D f_i) f_j`. The columns made are those of the Lyndon
    words of `nde.signatures.lyndon_words(channels, depth)`, bracketed as by `nde.signatures.logsignature`, so that

    `nde.ControlTerm(nde.signatures.LieBrackets(f, depth), nde.signatures.logsignature_windows(ts, xs, window, depth))`

    is the log-ODE method for `dy = f(t, y, args) dx`: a neural rough differential equation, if `f` is a network. Over a
    window it solves `dy/ds = sum_w [f]_w(y) L_w` for `s` from 0 to 1, with the window's log-signature `L`. No
    bracket has a derivative in `t`: a vector field that varies with time wants time as a component of the state.

    Costs about `channels^(depth - 1)` evaluations of the vector field in forward mode, all at once.

    Attributes:
        vector_field: A function `(t, y, args)` to an array of shape `(*y, channels)`, smooth enough for `depth - 1`
            derivatives in `y` (with `tanh`, say, not `relu`).
        depth: The greatest length of brackets, 1 or more; 1 is the vector field itself.

    Raises:
        TypeError: When called, if the state is not a single array.
        ValueError: If the depth is less than one; when called, if the vector field returns another shape.

    Source: Morrill, Salvi, Kidger and Foster (2021), doi:10.48550/arXiv.2009.08295; Lyons (2014), *Rough paths,
    signatures and the modelling of functions on streams*, doi:10.48550/arXiv.1405.4537.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        ts = jnp.linspace(0.0, 6.0, 601)
        xs = jnp.stack([jnp.cos(ts), jnp.sin(ts)], axis=-1)
        path = nde.signatures.logsignature_windows(ts, xs, window=50, depth=2)
        field = nde.signatures.LieBrackets(lambda t, y, args: jnp.stack([jnp.tanh(y), 1 - y], axis=-1), depth=2)
        steps = nde.StepTo(ts=path.ts)
        term = nde.ControlTerm(field, path)
        print(nde.diffeqsolve(term, nde.Tsit5(), 0.0, 6.0, None, jnp.ones(3), stepsize_controller=steps).ys)
        ```
    """

    vector_field: VectorField
    depth: int = eqx.field(static=True)

    def __check_init__(self) -> None:
        """Refuse depths that are none."""
        check_sizes("LieBrackets", 1, self.depth)

    def __call__(self, t: RealScalar, y: Y, args: Args) -> Inexact[Array, "..."]:
        """The columns, along the last axis in the order of `nde.signatures.lyndon_words`.

        Args:
            t: The time.
            y: The state, a single array.
            args: As of the vector field.
        """
        state = _single(y)

        def field(y: Array) -> Columns:
            return (_checked(self.vector_field(t, y, args), y),)

        products = field
        for _ in range(self.depth - 1):
            products = _extended(products, field, state.ndim)
        return _contracted(products(state), state.ndim)


def _extended(products: Callable[[Array], Columns], field: Callable[[Array], Columns], axis: int) -> Callable:
    """The products of columns up to a length, and those one longer.

    Of columns as derivations: `T_{i} = f_i`, and `T_{i w} = (D T_w) f_i`, with an axis for each letter. Their
    combinations in brackets are the vector fields wanted, the second derivatives in them cancel.
    """

    def longer(y: Array) -> Columns:
        def along(column: Array) -> tuple[Columns, Columns]:
            return jax.jvp(products, (y,), (column,))

        (column_array,) = field(y)
        known, new = jax.vmap(along, in_axes=-1, out_axes=(None, axis))(column_array)
        return (*known, new[-1])

    return longer


def _contracted(products: Columns, axis: int) -> Inexact[Array, "..."]:
    """The products combined to brackets; those of one letter are there already."""
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
            f"`LieBrackets` got a state of structure {structure} with {len(leaves)} arrays; it wants a single array. "
            "Put the arrays together, for example by `jax.flatten_util.ravel_pytree`."
        )
    return jnp.asarray(y)


def _checked(columns: Array, y: Array) -> Array:
    if columns.shape[:-1] != y.shape or columns.ndim != y.ndim + 1:
        raise ValueError(
            f"The vector field of `LieBrackets` returned an array of shape {columns.shape} for a state of shape "
            f"{y.shape}; it wants {(*y.shape, 'channels')}, a column for each channel of the control."
        )
    return columns
